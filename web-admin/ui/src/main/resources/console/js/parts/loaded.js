// One answer of the server that a page shows, loaded when the page opens.
import { redraw } from '../store.js';
import { get } from '../api.js';
import { failure, loading } from './ui.js';
import { html } from '../lit.js';

export class Loaded {
  constructor(path) { Object.assign(this, { path, data: null, problem: null }); }
  async load() {
    try { this.data = await get(this.path); this.problem = null; } catch (e) { this.problem = e; }
    redraw();
  }
  /** The view of the data, or why there is none. */
  show(view) {
    if (this.data) return html`${failure(this.problem, () => this.load())}${view(this.data)}`;
    return this.problem ? failure(this.problem, () => this.load()) : html`<div class="card">${loading(3)}</div>`;
  }
}
