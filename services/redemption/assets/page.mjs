// The page of a voucher. The token stays in this phone: the server is asked for its public keys, for the series (one among
// programmes, thousands of vouchers) and for the places of a département, and for nothing else.

import { hostOf, readKeys } from './keys.mjs';
import { offerNearest } from './near.mjs';
import { stateOf } from './state.mjs';
import { Refused, verify } from './voucher.mjs';

window.ccnModules = true;

const PLACES_SHOWN = 5;
const MONTHS = ['janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet', 'août', 'septembre', 'octobre', 'novembre', 'décembre'];
/** The Rust side's reasons, by the message that a person reads. */
const MESSAGES = {
  space: 'unreadable',
  malformed: 'unreadable',
  unknown_format: 'unreadable',
  unknown_key: 'forged',
  forged: 'forged',
  wrong_purpose: 'forged',
  out_of_bounds: 'forged',
  key_withdrawn: 'withdrawn',
  key_not_yet_valid: 'early',
  key_expired: 'expired',
  expired: 'expired',
};

const verdict = document.getElementById('verdict');
const SITE = 'Chèque culture numérique';

/** Euros as people write them: 10 €, 7,50 €. */
function euros(cents) {
  const rest = cents % 100;
  const whole = String((cents - rest) / 100);
  return (rest === 0 ? whole : whole + ',' + String(rest).padStart(2, '0')) + '\u00a0€';
}

/** 2026-12-31 as « 31 décembre 2026 ». */
function french(isoDay) {
  const [year, month, day] = isoDay.split('-').map(Number);
  return (day === 1 ? '1er' : day) + '\u00a0' + MONTHS[month - 1] + '\u00a0' + year;
}

/** Seconds since 1970 as « 31 décembre 2026 à 9 h 05 », where the person is. */
function frenchInstant(seconds) {
  const at = new Date(seconds * 1000);
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()].join('-');
  return french(day) + ' à ' + at.getHours() + '\u00a0h\u00a0' + String(at.getMinutes()).padStart(2, '0');
}

/** The day it is where the person is. */
function today() {
  const now = new Date();
  const two = (number) => String(number).padStart(2, '0');
  return now.getFullYear() + '-' + two(now.getMonth() + 1) + '-' + two(now.getDate());
}

/** Shows one of the page's messages, with what goes into its slots; a slot that gets nothing goes with its line. */
function show(name, slots) {
  const message = document.getElementById('verdict-' + name).content.cloneNode(true);
  for (const slot of message.querySelectorAll('[data-slot]')) {
    const text = slots && slots[slot.dataset.slot];
    if (text) slot.textContent = text;
    else (slot.closest('[data-line]') || slot).remove();
  }
  verdict.replaceChildren ? verdict.replaceChildren(message) : ((verdict.textContent = ''), verdict.append(message));
  document.title = verdict.querySelector('.title [data-words]').textContent + ' – ' + SITE;
  offerToListen();
}

/** The button of a message that may be another one a moment later. */
function offerAgain(text) {
  verdict.querySelector('button[data-again]').addEventListener('click', () => tell(text));
}

/** Same-origin JSON; `cache` as for `fetch`. */
async function json(path, cache) {
  const answer = await fetch(path, { cache: cache || 'default', credentials: 'omit', referrerPolicy: 'no-referrer' });
  if (!answer.ok) throw new Error(path + ': ' + answer.status);
  return answer.json();
}

/** What the paper says of the whole series; null if the server does not tell. */
async function seriesOf(token) {
  try {
    return await json('/redemption/v1/public/series/' + token.series);
  } catch (_) {
    return null;
  }
}

async function tell(text) {
  show('reading');
  let keys;
  let host;
  try {
    // Asked anew for each voucher: a key may have been withdrawn since.
    const set = await json('/.well-known/jwks.json', 'no-cache');
    keys = await readKeys(set);
    host = hostOf(set);
  } catch (_) {
    // Its own words, never the forger's: without keys nothing is proven either way.
    show('offline');
    offerAgain(text);
    return;
  }
  let token;
  // A good signature says nothing of what became of the voucher.
  let message = 'unknown';
  const at = Math.floor(Date.now() / 1000);
  try {
    token = await verify(text, keys, at);
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    message = MESSAGES[refused.reason];
    token = refused.token;
  }
  if (message === 'unreadable' || message === 'forged') {
    show(message);
    return;
  }
  const series = await seriesOf(token);
  // The token's own day is the printed one plus a tolerance for the places: a person goes by the paper.
  if (message === 'unknown' && series && today() > series.printed_day) message = 'expired';
  const slots = {
    value: euros(token.cents),
    until: series && french(series.printed_day),
    programme: series && series.programme,
    sponsor: series && series.sponsor,
  };
  if (message === 'unknown') {
    // Before anything is said: « a real voucher, 10 € » must not be read of one that is used.
    const known = await stateOf(token, keys, host, at);
    message = known.state;
    slots.known = known.issuedAt && frenchInstant(known.issuedAt);
  }
  show(message, slots);
  if (message === 'unknown') offerAgain(text);
  if (series && (message === 'unknown' || message === 'unused')) await placesOf(series);
}

/** The places of the programme's département, or the choice of one. */
async function placesOf(series) {
  const here = document.getElementById('places-here');
  if (series.departements.length !== 1) {
    const links = series.departements.map((one) => link('/lieux?departement=' + one.code, one.name));
    here.replaceChildren(list(links));
    return;
  }
  const path = series.commune ? '/lieux?commune=' + series.commune : '/lieux?departement=' + series.departements[0].code;
  try {
    const answer = await fetch(path, { credentials: 'omit', referrerPolicy: 'no-referrer' });
    // One rendering for the list with scripts and without.
    const found = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('places');
    if (!answer.ok || !found) return;
    const items = [...found.querySelectorAll('li.place')];
    const showNearest = () => {
      [...found.querySelectorAll('li.place')].forEach((item, rank) => {
        item.hidden = rank >= PLACES_SHOWN;
      });
    };
    showNearest();
    here.replaceChildren(found);
    if (items.length > PLACES_SHOWN) {
      const all = document.createElement('p');
      all.append(link(path, 'Voir les ' + items.length + ' lieux (' + series.departements[0].name + ')'));
      here.append(all);
    }
    offerNearest(found, showNearest);
  } catch (_) {
    // The form below does the same.
  }
}

function link(href, text) {
  const anchor = document.createElement('a');
  anchor.href = href;
  anchor.textContent = text;
  return anchor;
}

function list(items) {
  const ul = document.createElement('ul');
  for (const item of items) ul.appendChild(document.createElement('li')).append(item);
  return ul;
}

/** A button that reads the message aloud, where the phone can and speaks French. */
function offerToListen() {
  const button = document.getElementById('listen');
  if (!('speechSynthesis' in window) || !('SpeechSynthesisUtterance' in window)) return;
  button.hidden = false;
  button.onclick = () => {
    speechSynthesis.cancel();
    const utterance = new SpeechSynthesisUtterance(verdict.innerText);
    utterance.lang = 'fr-FR';
    utterance.rate = 0.9;
    speechSynthesis.speak(utterance);
  };
}

/** What the code of a cover says: `COUV-<series>-<booklet>-<check>`; null for anything else. */
function coverOf(text) {
  const parts = /^COUV-([0-9]{1,5})-([0-9]{1,8})-[0-9]{2}$/i.exec(text);
  return parts && { series: Number(parts[1]), booklet: String(Number(parts[2])) };
}

/** A cover is no voucher: nothing is proven of it, and where to go is all that it leads to. */
async function tellCover(cover) {
  show('cover', { booklet: cover.booklet });
  const series = await seriesOf(cover);
  if (series) await placesOf(series);
}

const text = window.ccnTakeToken();
const cover = coverOf(text);
if (text === '') show('none');
// Before keys are asked for: an old browser can say this too.
else if (cover) tellCover(cover);
// Browsers give it to pages over https and to the phone's own only.
else if (!window.crypto || !crypto.subtle) show('old');
else tell(text).catch(() => show('old'));
