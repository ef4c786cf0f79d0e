// Settings: one's own account, the appliance's address, its certificate, backups, administrators, API tokens.
import { html, nothing } from '../lit.js';
import { can, state } from '../store.js';
import { t } from '../i18n.js';
import { pageHead, icon } from '../parts/ui.js';
import account from './settings/account.js';
import appliance from './settings/appliance.js';
import certificate from './settings/certificate.js';
import backups from './settings/backups.js';
import administrators from './settings/administrators.js';
import tokens from './settings/tokens.js';

const PARTS = [
  { id: 'account', image: 'circle-user', needs: 'V', part: account },
  { id: 'appliance', image: 'globe-lock', needs: 'O', part: appliance },
  { id: 'certificate', image: 'file-key', needs: 'A', part: certificate },
  { id: 'backups', image: 'archive', needs: 'A', part: backups },
  { id: 'administrators', image: 'shield-check', needs: 'A', part: administrators },
  { id: 'tokens', image: 'key', needs: 'A', part: tokens },
];
const seen = () => PARTS.filter(p => can(p.needs));
const here = () => seen().find(p => p.id === state.route.path[1]) ?? seen()[0];
let shown = null;
function open() {
  const now = here();
  if (now !== shown) { shown?.part.leave?.(); shown = now; now?.part.enter?.(); }
  // On a phone the names stand in a row that scrolls.
  requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector('.subnav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })));
}

export default {
  enter: open,
  changed: open,
  leave() { shown?.part.leave?.(); shown = null; },
  view() {
    const now = here();
    return html`${pageHead(t('nav.settings'), null, now.part.actions?.())}
      <div class="split"><nav class="subnav" aria-label=${t('nav.settings')}>${seen().map(p => html`<a href="#/settings/${p.id}" aria-current=${p === now ? 'page' : nothing}>${icon(p.image)}${t(`settings.${p.id}`)}</a>`)}</nav>
      <div class="stack loose sub-body">${now.part.view()}</div></div>`;
  },
};
