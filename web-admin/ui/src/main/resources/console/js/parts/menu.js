// A button that opens a small list of actions beside it. The popover closes by itself on Esc and on a click elsewhere.
import { html, nothing } from '../lit.js';
import { redraw } from '../store.js';
import { icon } from './ui.js';

/** Whose actions are drawn: a list has a menu in each row, and only the open one is worth its elements. */
let opened = null;

function place(event) {
  const menu = event.target;
  if (event.newState !== 'open') return;
  opened = menu.id;
  redraw();
  menu.style.setProperty('visibility', 'hidden');
  const button = document.querySelector(`[popovertarget="${menu.id}"]`);
  requestAnimationFrame(() => {
    const { offsetWidth: w, offsetHeight: h } = menu, rtl = getComputedStyle(button).direction === 'rtl', b = button.getBoundingClientRect();
    const left = Math.max(8, Math.min(innerWidth - w - 8, rtl ? b.left : b.right - w));
    const below = b.bottom + 6 + h < innerHeight - 8;
    menu.style.setProperty('left', `${left}px`);
    menu.style.setProperty('top', `${below ? b.bottom + 6 : Math.max(8, b.top - h - 6)}px`);
    menu.style.removeProperty('visibility');
    menu.querySelector('a,button')?.focus();
  });
}
function keys(event) {
  const items = [...event.currentTarget.querySelectorAll('a,button:not([disabled])')], at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined || !items.length) return;
  event.preventDefault();
  items[(to + items.length) % items.length].focus();
}
/** Follows a choice: the popover closes before the action runs, so that a dialog gives the focus back to the button. */
const act = run => event => { const menu = event.currentTarget.closest('[popover]'), button = document.querySelector(`[popovertarget="${menu.id}"]`); menu.hidePopover(); button?.focus(); run?.(); };

/** `items` are { image, text, run, href, tone } or null; `id` is unique on the page. */
export const menu = (id, label, items, look = {}) => html`<button class="btn ${look.cls ?? 'small ghost icon-only'}" type="button" popovertarget=${id} aria-label=${label}>${look.content ?? icon('ellipsis-vertical', 's')}</button>
  <div id=${id} class="menu" popover role="group" aria-label=${label} @beforetoggle=${place} @keydown=${keys}>${id !== opened ? nothing : html`${look.head ?? nothing}${items.filter(Boolean).map(m => m.href
    ? html`<a href=${m.href} @click=${act()}>${icon(m.image, 's')}${m.text}</a>`
    : html`<button type="button" class=${m.tone ?? ''} aria-pressed=${m.pressed == null ? nothing : String(m.pressed)} @click=${act(m.run)}>${icon(m.image, 's')}${m.text}</button>`)}`}</div>`;
