// The one place that knows where lit-html is.
export { html, svg, render, nothing } from '../lib/lit-html/lit-html.js';
export { repeat } from '../lib/lit-html/directives/repeat.js';
export { ref } from '../lib/lit-html/directives/ref.js';
export { live } from '../lib/lit-html/directives/live.js';
