// Says when the stream of events is lost and when it is back, and since when the numbers stand still.
import { state, set } from '../store.js';
import { on } from '../stream.js';
import { t } from '../i18n.js';

export function connectionSaid(announce, alarm) {
  let lost = false, timer = 0;
  on('*', () => { state.heard = Date.now(); });
  const look = () => {
    if (state.link === 'lost' && !lost) { lost = true; alarm(t('link.lostSaid')); }
    if (state.link === 'live' && lost) { lost = false; alarm(''); announce(t('link.back')); }
  };
  timer = setInterval(look, 500);
  return () => clearInterval(timer);
}
/** Numbers that the stream feeds: greyed while it is lost. */
export const stale = () => state.link === 'lost';
export { set };
