// Every text of the console. Plurals follow CLDR ("key.one", "key.other"); numbers, dates and spans go through Intl.
// Times are those of the server, whose zone the page names.
const AREAS = ['console', 'modules'];
export const LANGUAGES = { en: 'English', de: 'Deutsch' };

let table = {}, locale = 'en', zone = 'UTC', formats = {};
const base = new URL('../locales/', import.meta.url);

export const language = () => locale;
export const serverZone = () => zone;
export function setZone(name) {
  try { new Intl.DateTimeFormat(locale, { timeZone: name }); zone = name; formats = {}; } catch { zone = 'UTC'; }
}

/** The language asked for, or the first of the browser's that there is. */
export const pick = wanted => [wanted, ...navigator.languages].map(l => String(l ?? '').split('-')[0]).find(l => l in LANGUAGES) ?? 'en';

export async function load(lang) {
  const parts = await Promise.all(AREAS.map(async area => {
    const answer = await fetch(new URL(`${lang}/${area}.json`, base));
    return answer.ok ? answer.json() : {};
  }));
  table = Object.assign({}, ...parts);
  locale = lang;
  formats = {};
  document.documentElement.lang = lang;
}

const format = (name, make) => formats[name] ??= make();
const plural = () => format('plural', () => new Intl.PluralRules(locale));
export const num = (n, digits = 0) => format(`n${digits}`, () => new Intl.NumberFormat(locale, { maximumFractionDigits: digits })).format(n);

const value = v => typeof v === 'number' ? num(v, 2) : v ?? '';
export const has = key => key in table;
export const t = (key, values = {}) => (table[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => value(values[name]));
export const tn = (key, n, values = {}) => t(has(`${key}.${plural().select(n)}`) ? `${key}.${plural().select(n)}` : `${key}.other`, { n, ...values });
/** The text cut at its placeholders, so that a value may be a template. */
export const tx = (key, values = {}) => (table[key] ?? key).split(/(\{\w+\})/).map(part => {
  const name = /^\{(\w+)\}$/.exec(part)?.[1];
  return name === undefined ? part : typeof values[name] === 'object' ? values[name] : value(values[name]);
});
/** The text for a word of the API ("openvpn", "ACTIVE"), or the word itself when the table has none. */
export const word = (area, name) => name == null ? '' : has(`${area}.${String(name).toLowerCase()}`) ? t(`${area}.${String(name).toLowerCase()}`) : String(name);

const UNITS = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'];
/** Bits a second as [number, unit]. */
export function rate(bits) {
  let k = 0, v = Math.max(0, bits ?? 0);
  while (v >= 1000 && k < UNITS.length - 1) { v /= 1000; k++; }
  return [num(v, k > 0 && v < 10 ? 2 : v < 100 && k > 0 ? 1 : 0), UNITS[k]];
}
const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'];
export function bytes(n) {
  let k = 0, v = n ?? 0;
  while (v >= 1000 && k < SIZES.length - 1) { v /= 1000; k++; }
  return `${num(v, k && v < 10 ? 1 : 0)} ${SIZES[k]}`;
}
export const percent = (share, digits = 0) => format(`p${digits}`, () => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits })).format(share);

const date = at => at == null || at === '' ? null : new Date(at);
const show = (name, options) => at => {
  const d = date(at);
  return d && !Number.isNaN(d.getTime()) ? format(name, () => new Intl.DateTimeFormat(locale, { timeZone: zone, ...options })).format(d) : '';
};
export const clock = show('clock', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
export const hour = show('hour', { hour: '2-digit', minute: '2-digit', hour12: false });
export const day = show('day', { dateStyle: 'medium' });
export const dateTime = show('dateTime', { dateStyle: 'medium', timeStyle: 'short' });
export const exact = show('exact', { dateStyle: 'medium', timeStyle: 'long' });

const STEPS = [['second', 60], ['minute', 60], ['hour', 24], ['day', 30], ['month', 12], ['year', Infinity]];
const step = seconds => {
  let v = Math.abs(seconds), k = 0;
  while (k < STEPS.length - 1 && v >= STEPS[k][1]) { v /= STEPS[k][1]; k++; }
  return [Math.floor(v), STEPS[k][0]];
};
/** "4 minutes ago", "in 2 days". */
export function ago(at, now = Date.now()) {
  const d = date(at);
  if (!d) return '';
  const seconds = (d.getTime() - now) / 1000, [v, unit] = step(seconds);
  if (Math.abs(seconds) < 5) return t('time.now');
  return format('ago', () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' })).format(seconds < 0 ? -v : v, unit);
}
/** "4 min", "2 hr": a span of seconds in its largest unit. */
export function span(seconds) {
  const [v, unit] = step(seconds ?? 0);
  return format(`span${unit}`, () => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 0 })).format(v);
}
export const listOf = items => format('list', () => new Intl.ListFormat(locale, { style: 'long', type: 'conjunction' })).format(items);
