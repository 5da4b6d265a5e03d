// The published keys (`/.well-known/jwks.json`), read as `voucher::JwkSet::read` does: keys of other kinds and purposes are
// passed over, and a policy that is not understood whole is an error, because a bound that is misread must not become none.

import { coseKey, publicPoint } from './voucher.mjs';

const PURPOSES = ['voucher', 'status', 'key_set', 'root'];
const MEMBERS = ['purpose', 'valid_from', 'valid_until', 'series', 'max_cents', 'latest_day', 'withdrawn'];
const U16_MAX = 65535;
const DAY_MILLIS = 86400000;

/** The set cannot be used. */
export class UnreadableKeys extends Error {}

const unreadable = (why) => {
  throw new UnreadableKeys(why);
};

const integerUpTo = (value, most) =>
  Number.isInteger(value) && value >= 0 && value <= most ? value : unreadable('a number is out of range');

const instant = (value) => {
  if (value === undefined || value === null) return null;
  return Number.isSafeInteger(value) ? value : unreadable('an instant is no whole number');
};

/** Days since 2020-01-01, as tokens count. */
function dayNumber(text) {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(text)) unreadable('a day is no date');
  const millis = Date.parse(text);
  if (Number.isNaN(millis)) unreadable('a day is no date');
  return integerUpTo((millis - Date.UTC(2020, 0, 1)) / DAY_MILLIS, U16_MAX);
}

function base64url(text) {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(text)) unreadable('x is not 32 bytes');
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/') + '=');
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

function isOurs(jwk) {
  if (jwk === null || typeof jwk !== 'object') return false;
  const absentOr = (member, known) => jwk[member] === undefined || known.includes(jwk[member]);
  const ours = jwk.kty === 'OKP' && jwk.crv === 'Ed25519' && absentOr('alg', ['Ed25519', 'EdDSA']) && absentOr('use', ['sig']);
  // Stricter than the Rust side: a key that our own server publishes always says what it is for.
  return ours && jwk.ccn !== undefined && jwk.ccn !== null && PURPOSES.includes(jwk.ccn.purpose);
}

async function key(jwk) {
  const policy = jwk.ccn;
  if (!Object.keys(policy).every((member) => MEMBERS.includes(member))) unreadable('the policy says more than is known here');
  if (!Array.isArray(policy.series) || policy.series.length !== 2) unreadable('the series are no range');
  if (typeof policy.withdrawn !== 'boolean') unreadable('withdrawn is missing');
  const x = base64url(jwk.x);
  if (publicPoint(x) === null) unreadable('a key is weak');
  const thumbprint = new Uint8Array(await crypto.subtle.digest('SHA-256', coseKey(x)));
  const kid = thumbprint.slice(0, 4);
  const hex = Array.from(kid, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (jwk.kid !== undefined && String(jwk.kid).toLowerCase() !== hex) unreadable('a key has another identifier');
  return {
    kid,
    x,
    purpose: policy.purpose,
    validFrom: instant(policy.valid_from),
    validUntil: instant(policy.valid_until),
    series: policy.series.map((series) => integerUpTo(series, U16_MAX)),
    maxCents: integerUpTo(policy.max_cents, U16_MAX),
    latestDay: dayNumber(policy.latest_day),
    withdrawn: policy.withdrawn,
  };
}

/** The keys of a JWK Set, each with its policy. */
export async function readKeys(set) {
  if (set === null || typeof set !== 'object' || !Array.isArray(set.keys)) unreadable('not a JWK Set');
  if (set.keys.some((jwk) => jwk && (jwk.d !== undefined || jwk.k !== undefined))) unreadable('a secret key');
  const ours = set.keys.filter(isOurs);
  if (ours.length === 0) unreadable('no key');
  return Promise.all(ours.map(key));
}

/** The host for which the vouchers of a set are printed: its lists bear that name wherever the page is opened. */
export function hostOf(set) {
  const found = typeof set.iss === 'string' && /^https:\/\/([a-z0-9.-]+)$/.exec(set.iss);
  return found ? found[1] : unreadable('the set does not say whose it is');
}
