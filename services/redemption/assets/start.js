// First of all, in every browser: the voucher leaves the address bar and the history entry, then waits here to be taken once.
// What stands behind « # » was never sent to the server. The browser's own list of visits is out of a page's reach.
(function () {
  'use strict';
  var text = location.hash.slice(1);
  if (location.hash || location.href.indexOf('#') >= 0) {
    history.replaceState(null, '', location.pathname);
  }
  window.ccnTakeToken = function () {
    var taken = text;
    text = '';
    return taken;
  };
  // A phone opens the next voucher's address in the page that is open.
  window.addEventListener('hashchange', function () {
    if (location.hash.length > 1) {
      location.reload();
    }
  });
  // A browser without modules runs nothing more: it says so instead of staying silent.
  document.addEventListener('DOMContentLoaded', function () {
    setTimeout(function () {
      var old = document.getElementById('verdict-old');
      var verdict = document.getElementById('verdict');
      if (old && verdict && !verdict.firstChild && !window.ccnModules) {
        verdict.innerHTML = old.innerHTML;
        document.title = verdict.querySelector('[data-words]').textContent + ' – Chèque culture numérique';
      }
    }, 4000);
  });
})();
