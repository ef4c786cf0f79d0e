// The side bar, the top bar, the bar of phones, the notice of a lost stream, toasts and dialogs around a page.
import { html, nothing, repeat } from './lit.js';
import { can, remember, setTheme, set } from './store.js';
import { t, word, clock, LANGUAGES, language } from './i18n.js';
import { post, del } from './api.js';
import { PAGES } from './pages.js';
import { dialogs } from './parts/dialog.js';
import { dismiss, toast } from './parts/say.js';
import { icon, initials, pageHead, MARK } from './parts/ui.js';
import { menu } from './parts/menu.js';
import { search } from './parts/search.js';

const THEMES = [['auto', 'sun-moon'], ['light', 'sun'], ['dark', 'moon']];
const seen = () => PAGES.filter(p => can(p.needs));

export const overlays = s => html`<div class="toasts">${repeat(s.toasts, x => x.id, x => html`<div class="toast ${x.tone}">${icon({ ok: 'circle-check', warn: 'triangle-alert', bad: 'circle-alert' }[x.tone] ?? 'info', x.tone)}<span>${x.text}</span>${x.action ? html`<button class="btn small" type="button" @click=${() => { dismiss(x.id); x.action.run(); }}>${x.action.label}</button>` : nothing}<button class="btn ghost small icon-only" type="button" aria-label=${t('do.dismiss')} @click=${() => dismiss(x.id)}>${icon('x', 's')}</button></div>`)}</div>${dialogs()}`;

const brand = s => html`<img src=${MARK} alt="" width="30" height="30"><span>Culvert<small>${s.host ?? location.hostname}</small></span>`;
const here = (s, id) => s.route.page === id ? 'page' : nothing;

function sideBar(s) {
  const groups = [...new Set(seen().map(p => p.group ?? ''))];
  return html`<aside class="side" aria-label="Culvert"><a class="brand" href="#/overview" aria-label="Culvert, ${t('nav.overview')}">${brand(s)}</a>
    <nav class="nav" aria-label=${t('nav.main')}>${groups.map(g => html`${g ? html`<h2>${t(`nav.${g}`)}</h2>` : nothing}${seen().filter(p => (p.group ?? '') === g).map(p => html`<a href="#/${p.id}" aria-current=${here(s, p.id)}>${icon(p.image)}${t(`nav.${p.id}`)}${s.badges[p.id] ? html`<span class="count">${s.badges[p.id]}<span class="vh"> ${t(`badge.${p.id}`)}</span></span>` : nothing}</a>`)}`)}</nav>
    <div class="side-foot">${s.version ? t('frame.version', { version: s.version }) : nothing}</div></aside>`;
}

export const themeItems = s => THEMES.map(([v, i]) => ({ image: i, text: t(`theme.${v}`), pressed: s.theme === v, run: () => { remember('theme', v); setTheme(v); } }));
export const languageItems = () => Object.entries(LANGUAGES).map(([v, l]) => ({ image: 'languages', text: l, pressed: language() === v, run: () => dispatchEvent(new CustomEvent('culvert-language', { detail: v })) }));

async function signOut() {
  try { await del('/auth/session'); } catch (e) { if (e.status !== 401) return toast(t('signout.failed'), 'bad'); }
  set({ session: null, dialogs: [] });
}

function topBar(s) {
  const who = s.session;
  return html`<header class="top"><a class="brand mini" href="#/overview" aria-label="Culvert, ${t('nav.overview')}"><img src=${MARK} alt="" width="30" height="30"></a>
    ${search(s)}<span class="grow"></span>
    <span class="link-state" data-s=${s.link} title=${t(`link.${s.link}`)}><i></i><span class="word">${t(`link.${s.link}`)}</span></span>
    ${menu('theme-menu', t('theme.menu', { now: t(`theme.${s.theme}`) }), themeItems(s), { cls: 'ghost icon-only', content: icon(THEMES.find(([v]) => v === s.theme)?.[1] ?? 'sun-moon') })}
    ${menu('account-menu', t('account.menu', { name: who.name, role: word('role', who.role) }), [
      { image: 'settings', text: t('account.settings'), href: '#/settings/account' }, ...languageItems(),
      { image: 'log-out', text: t('account.signOut'), run: signOut },
    ], { cls: 'ghost icon-only', content: html`<span class="avatar" aria-hidden="true">${initials(who.name)}</span>`, head: html`<p class="menu-head"><b>${who.name}</b><span>${word('role', who.role)}</span></p>` })}</header>`;
}

function tabBar(s) {
  const tabs = seen().filter(p => p.tab).slice(0, 4), more = !tabs.some(p => p.id === s.route.page);
  return html`<nav class="tabbar" aria-label=${t('nav.short')}>${tabs.map(p => html`<a href="#/${p.id}" aria-current=${here(s, p.id)}>${icon(p.image)}${t(`tab.${p.id}`)}</a>`)}
    <button type="button" popovertarget="more-menu" class=${more ? 'on' : ''}>${icon('menu')}${t('tab.more')}</button>
    <div id="more-menu" class="menu sheet" popover role="group" aria-label=${t('tab.more')}>${seen().filter(p => !tabs.includes(p)).map(p => html`<a href="#/${p.id}" aria-current=${here(s, p.id)} @click=${e => e.currentTarget.closest('[popover]').hidePopover()}>${icon(p.image)}${t(`nav.${p.id}`)}</a>`)}</div></nav>`;
}

export function frame(s) {
  const entry = PAGES.find(p => p.id === s.route.page) ?? PAGES[0];
  return html`<a class="skip" href="#main" @click=${e => { e.preventDefault(); document.getElementById('page-title')?.focus(); }}>${t('frame.skip')}</a>
  <div class="frame">${sideBar(s)}${topBar(s)}
    <main id="main" data-link=${s.link}>
      ${s.link === 'lost' ? html`<div class="notice warn stale-note">${icon('unplug')}<div class="grow"><b>${t('link.lostHead')}</b> ${s.heard ? t('link.lostSince', { time: clock(s.heard) }) : t('link.lostText')}</div></div>` : nothing}
      ${can(entry.needs) ? entry.page.view(s) : pageHead(t('error.forbiddenHead'), t('error.forbidden'))}</main></div>
  ${tabBar(s)}${overlays(s)}`;
}
