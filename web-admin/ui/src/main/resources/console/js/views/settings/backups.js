// Backups: one encrypted file with everything in it. Make one, keep some on a schedule, restore.
import { html, nothing } from '../../lit.js';
import { redraw, state } from '../../store.js';
import { post, put, del, upload, url, seg } from '../../api.js';
import { t, bytes, dateTime } from '../../i18n.js';
import { Loaded } from '../../parts/loaded.js';
import { openDialog, confirm, foot, points } from '../../parts/dialog.js';
import { field, secret, select, ownerOf } from '../../parts/form.js';
import { prove } from '../../parts/proof.js';
import { restoreDialog } from '../restore.js';
import { passPhrase } from '../../parts/phrase.js';
import { icon, badge, empty, copy, at } from '../../parts/ui.js';
import { toast } from '../../parts/say.js';

const backups = new Loaded('/backups');

export default {
  enter() { backups.load(); },
  actions: () => html`<button class="btn" type="button" @click=${restore}>${icon('archive-restore', 's')}${t('backup.restore')}</button><button class="btn primary" type="button" @click=${make}>${icon('archive', 's')}${t('backup.make')}</button>`,
  view: () => backups.show(b => html`${b.problem ? html`<div class="notice warn">${icon('triangle-alert')}<div class="grow">${b.problem}</div></div>` : nothing}${list(b)}${schedule(b)}`),
};

const list = b => html`<section class="card" aria-labelledby="backups"><header><h2 id="backups">${t('settings.backups')}</h2></header>${b.items.length ? html`<div class="body"><ul class="checks rows">${b.items.map(f => html`<li>${icon('archive', 'ok')}<div><b>${dateTime(f.created)}</b><span class="mono wrap">${f.name} · ${bytes(f.bytes)}</span></div>
  <span class="actions"><button class="btn small" type="button" @click=${() => download(f)}>${icon('download', 's')}${t('do.download')}<span class="vh"> ${f.name}</span></button><button class="btn small icon-only ghost" type="button" aria-label=${t('backup.removeOf', { name: f.name })} @click=${() => remove(f)}>${icon('trash-2', 's')}</button></span></li>`)}</ul></div>` : empty('archive', t('backup.none'), t('backup.noneText'), html`<button class="btn primary" type="button" @click=${make}>${icon('archive', 's')}${t('backup.make')}</button>`)}</section>`;

const EVERY = ['never', 'hourly', 'daily', 'weekly'];
const schedule = b => html`<section class="card" aria-labelledby="schedule"><header><h2 id="schedule">${t('backup.schedule')}</h2>${b.next ? badge('ok', 'clock', t('backup.on')) : badge('', 'circle-pause', t('backup.off'))}<button class="btn" type="button" @click=${() => edit(b)}>${icon('sliders-horizontal', 's')}${t('self.change')}<span class="vh"> ${t('backup.schedule')}</span></button></header><div class="body">
  <dl class="kv"><div><dt>${t('backup.every')}</dt><dd>${t(`backup.every.${b.schedule.every}`)}</dd></div><div><dt>${t('backup.at')}</dt><dd>${b.schedule.at}</dd></div><div><dt>${t('backup.keep')}</dt><dd>${b.schedule.keep}</dd></div>${b.next ? html`<div><dt>${t('backup.next')}</dt><dd>${at(b.next)}</dd></div>` : nothing}</dl></div></section>`;

/** A download is a plain request of the browser, which cannot ask for proof: so that comes first. */
async function download(f) {
  if (!(new Date(state.session.confirmedUntil ?? 0) > Date.now() + 5000) && !await prove()) return;
  const link = document.createElement('a');
  link.href = url(`/backups/${seg(f.name)}/file`);
  link.download = f.name;
  link.click();
}

const phrase = (d, v, hint, optional = false) => html`<div class="stack tight">${ownerOf('backup')}${secret({ id: 'backup-phrase', name: 'passphrase', label: t('backup.phrase'), hint, optional, error: d.problem?.fields?.passphrase, value: v.passphrase, change: x => { v.passphrase = x; } })}<button class="btn small self-start" type="button" @click=${() => { v.passphrase = passPhrase(); redraw(); copy(v.passphrase).then(ok => ok && toast(t('users.phraseCopied'))); }}>${icon('refresh-cw', 's')}${t('users.makePhrase')}</button></div>`;

function make() {
  const v = { passphrase: '' }, set = backups.data?.passphraseSet;
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading: t('backup.make'), text: t('backup.makeText'), submit: async () => { if (await d.run(() => post('/backups', v.passphrase ? v : {}))) { d.close(); toast(t('backup.made')); backups.load(); } },
      body: html`${points([['package', 'ok', t('backup.holds'), t('backup.holdsText')], ['lock', 'warn', t('backup.lost'), t('backup.lostText')]])}${phrase(d, v, set ? t('backup.phraseSet') : t('backup.phraseHint'), set)}`,
      foot: foot(d, { action: t('backup.make'), image: 'archive', disabled: !v.passphrase && !set }),
    }),
  });
}
const remove = f => confirm({ heading: t('backup.removeOf', { name: f.name }), list: [['trash-2', 'warn', t('users.removeText'), '']], action: t('do.remove'), run: async () => { await del(`/backups/${seg(f.name)}`); backups.load(); } });

function edit(b) {
  const v = { ...b.schedule, passphrase: '' };
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading: t('backup.schedule'),
      submit: async () => { if (await d.run(() => put('/backups/schedule', { every: v.every, at: v.at, keep: Number(v.keep), ...(v.passphrase ? { passphrase: v.passphrase } : {}) }))) { d.close(); toast(t('backup.scheduled')); backups.load(); } },
      body: html`<div class="grid-2">${select({ id: 'backup-every', label: t('backup.every'), value: v.every, error: d.problem?.fields?.every, options: EVERY.map(x => [x, t(`backup.every.${x}`)]), change: x => { v.every = x; } })}${field({ id: 'backup-at', label: t('backup.at'), type: 'time', error: d.problem?.fields?.at, value: v.at, change: x => { v.at = x; } })}</div>
        ${field({ id: 'backup-keep', label: t('backup.keep'), hint: t('backup.keepHint'), type: 'number', min: 1, max: 1000, error: d.problem?.fields?.keep, value: v.keep, change: x => { v.keep = x; } })}
        ${phrase(d, v, b.passphraseSet ? t('backup.phraseKept') : t('backup.phraseHint'), b.passphraseSet || v.every === 'never')}`,
      foot: foot(d, { action: t('backup.save') }),
    }),
  });
}

const restore = () => restoreDialog({ kept: backups.data?.items ?? [], host: backups.data?.host ?? '', send: file => upload('/backups/uploads', file), start: body => post('/backups:restore', body) });
