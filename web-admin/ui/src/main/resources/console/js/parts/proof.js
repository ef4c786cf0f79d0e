// Fresh proof: the server asks again who is there before it does something dangerous. It is valid for five minutes.
import { html } from '../lit.js';
import { state, set } from '../store.js';
import { t } from '../i18n.js';
import { post } from '../api.js';
import { openDialog, foot } from './dialog.js';
import { field, secret, ownerOf } from './form.js';
import { passkeys, usePasskey, gaveUp } from './passkey.js';
import { icon } from './ui.js';

/** Asks for the proof; true when it was given. */
export function prove() {
  return new Promise(done => {
    const renew = session => { if (session?.name) set({ session: { ...state.session, ...session } }); };
    const send = async d => { if (await d.run(async () => renew(await post('/auth/confirm', { password: d.values.password ?? '', ...(d.values.code ? { code: d.values.code.replace(/\s/g, '') } : {}) })))) d.close(true); };
    const withKey = d => d.run(async () => {
      try {
        const options = await post('/auth/passkey/options', {});
        renew(await post('/auth/confirm', { credential: await usePasskey(options) }));
        d.close(true);
      } catch (e) { if (!gaveUp(e)) throw e; }
    });
    openDialog({
      size: 'narrow', name: 'proof', onclose: result => done(result === true),
      view: d => ({
        heading: t('proof.head'), text: t('proof.text'), submit: () => send(d),
        body: html`${ownerOf(state.session.name)}${secret({ id: 'proof-password', name: 'password', label: t('signin.password'), autocomplete: 'current-password', error: d.problem?.fields?.password, value: d.values.password, change: v => { d.values.password = v; } })}
          ${field({ id: 'proof-code', name: 'code', label: t('signin.code'), hint: t('signin.codeHint'), inputmode: 'numeric', autocomplete: 'one-time-code', mono: true, optional: true, error: d.problem?.fields?.code, value: d.values.code, change: v => { d.values.code = v; } })}
          ${passkeys() ? html`<button class="btn" type="button" @click=${() => withKey(d)}>${icon('fingerprint', 's')}${t('signin.passkey')}</button>` : ''}`,
        foot: foot(d, { action: t('proof.go') }),
      }),
    });
  });
}
