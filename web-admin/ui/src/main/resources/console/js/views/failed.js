import { html } from '../lit.js';
import { t } from '../i18n.js';
import { icon, MARK, problemText } from '../parts/ui.js';

/** The appliance does not answer at all. */
export const startFailed = s => html`<main class="gate"><div class="gate-card card"><img src=${MARK} alt="" width="44" height="44"><h1 id="page-title" tabindex="-1">${t('failed.head')}</h1>
  <p class="dim">${problemText(s.failure)}</p><button class="btn primary" type="button" @click=${() => dispatchEvent(new CustomEvent('culvert-begin'))}>${icon('refresh-cw', 's')}${t('do.retry')}</button></div></main>`;
