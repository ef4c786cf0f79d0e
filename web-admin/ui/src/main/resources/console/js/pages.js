// The pages of the console. A page is { view(state), enter(route), changed(route), leave() }: `enter` when it is opened,
// `changed` when only its address's query or further parts do.
import overview from './views/overview.js';
import sessions from './views/sessions.js';
import users from './views/users.js';
import modules from './views/modules.js';
import log from './views/log.js';
import settings from './views/settings.js';

/** In the order of the side bar. `needs` is the role that sees it, `tab` puts it into the five-item bar of phones. */
export const PAGES = [
  { id: 'overview', image: 'layout-dashboard', needs: 'V', tab: true, page: overview },
  { id: 'sessions', image: 'activity', needs: 'V', tab: true, page: sessions },
  { id: 'users', image: 'users', needs: 'U', tab: true, page: users },
  { id: 'modules', image: 'blocks', needs: 'V', tab: true, page: modules },
  { id: 'log', image: 'scroll-text', needs: 'V', group: 'system', page: log },
  { id: 'settings', image: 'settings', needs: 'V', group: 'system', page: settings },
];
