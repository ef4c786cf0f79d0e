// A new second factor, for an authenticator app: the QR code, and the key for typing it in.
import { html, nothing } from '../lit.js';
import { t } from '../i18n.js';
import { qr } from './qr.js';
import { copy, icon } from './ui.js';
import { toast } from './say.js';

export function factorOf({ uri }) {
  const key = new URL(uri.replace(/^otpauth:/, 'https:')).searchParams.get('secret') ?? '', code = qr(uri, t('factor.qr'));
  return html`<div class="qr">${code ? html`<figure>${code}</figure>` : nothing}<div class="stack"><h2 class="h3">${t('factor.scan')}</h2><p class="dim">${t('factor.scanText')}</p>
    <h2 class="h3">${t('factor.type')}</h2><p class="mono key-text">${key.replace(/(.{4})(?=.)/g, '$1 ')}</p><button class="btn small self-start" type="button" @click=${async () => toast(await copy(key) ? t('factor.copied') : t('copy.failed'))}>${icon('copy', 's')}${t('factor.copy')}</button></div></div>`;
}
