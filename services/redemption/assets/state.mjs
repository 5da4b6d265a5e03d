// What became of a voucher, from the published status lists (a Token Status List of the IETF in a CWT; `voucher::StatusList` is the
// Rust side). The request names a series and one of its shards of 2^20 vouchers: it does not say which of a million is meant.

import { sigStructureOf, verifyStrict } from './voucher.mjs';

const SHARD_VOUCHERS = 1 << 20;
const SHARD_BYTES = SHARD_VOUCHERS / 4;
const LIST_BYTES_MAX = SHARD_BYTES + 4096;
const TYPE = 'application/statuslist+cwt';
const CLOCK_SKEW_SECONDS = 300;
/** A list that nothing touched is signed again every 6 hours: with the network, an older one means that its maker stands still. */
const STANDS_STILL_SECONDS = 6 * 3600 + 900;
const STATUS_LIST = 65533;
const TTL = 65534;

/** By the two bits of the list. */
const STATES = ['unused', 'blocked', 'inactive', 'used'];

function fail(why) {
  throw new Error(why);
}

/** Reads the few kinds of CBOR item that a list is made of. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(count) {
    if (!(count <= this.bytes.length - this.at)) fail('cut off');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  /** The argument of an item that must be of a major type. */
  head(major) {
    const [first] = this.take(1);
    if (first >> 5 !== major) fail('another kind of item');
    const info = first & 31;
    if (info < 24) return info;
    if (info > 27) fail('an item without a length');
    const number = this.take(1 << (info - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(number) ? number : fail('too large');
  }

  integer() {
    return this.bytes[this.at] >> 5 === 1 ? -1 - this.head(1) : this.head(0);
  }

  byteString() {
    return this.take(this.head(2));
  }

  text() {
    return String.fromCharCode(...this.take(Math.min(this.head(3), 256)));
  }

  end() {
    if (this.at !== this.bytes.length) fail('something follows');
  }
}

/** The pairs of a map, each value read by its key's reader; every key once, and no other. */
function mapOf(reader, key, values) {
  const found = {};
  for (let pairs = reader.head(5); pairs > 0; pairs--) {
    const name = key();
    if (!(name in values) || name in found) fail('another member');
    found[name] = values[name]();
  }
  if (Object.keys(found).length !== Object.keys(values).length) fail('a member is missing');
  return found;
}

/** Whoever made the list: one shard and not a byte more. */
const oneShard = (length) => (length === SHARD_BYTES ? length : fail(length < SHARD_BYTES ? 'too short' : 'too long'));

async function inflate(bytes) {
  // Missing in Firefox before 113 and Safari before 16.4; whoever has it does not load the other.
  return typeof DecompressionStream === 'undefined' ? inflateInScript(bytes) : inflateInBrowser(bytes);
}

async function inflateInBrowser(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate')).getReader();
  const inflated = new Uint8Array(SHARD_BYTES);
  let length = 0;
  for (;;) {
    const { done, value } = await stream.read();
    if (done) break;
    if (length + value.length > SHARD_BYTES) {
      await stream.cancel();
      fail('too long');
    }
    inflated.set(value, length);
    length += value.length;
  }
  oneShard(length);
  return inflated;
}

async function inflateInScript(bytes) {
  const { unzlibSync } = await import('./fflate.mjs');
  // What does not fit is dropped, so one byte more than a shard shows that there was more.
  const inflated = unzlibSync(bytes, { out: new Uint8Array(SHARD_BYTES + 1) });
  return inflated.subarray(0, oneShard(inflated.length));
}

/** The list published at `uri`, if a status key in service signed it and it is not too old; an error otherwise. */
export async function readList(bytes, uri, keys, at) {
  if (bytes.length > LIST_BYTES_MAX) fail('too long');
  const reader = new Reader(bytes);
  if (reader.head(6) !== 18 || reader.head(4) !== 4) fail('no COSE_Sign1');
  const header = reader.byteString();
  if (reader.head(5) !== 0) fail('an unprotected header');
  const payload = reader.byteString();
  const signature = reader.byteString();
  reader.end();

  const inHeader = new Reader(header);
  const { 1: alg, 4: kid, 16: type } = mapOf(inHeader, () => inHeader.integer(), {
    1: () => inHeader.integer(),
    4: () => inHeader.byteString(),
    16: () => inHeader.text(),
  });
  inHeader.end();
  if (alg !== -19 || type !== TYPE || signature.length !== 64) fail('another document');
  const inService = keys.filter(
    (key) =>
      key.purpose === 'status' &&
      !key.withdrawn &&
      (key.validFrom === null || at >= key.validFrom) &&
      (key.validUntil === null || at < key.validUntil) &&
      key.kid.join() === kid.join(),
  );
  const message = sigStructureOf(header, payload);
  let signed = false;
  for (const key of inService) signed = signed || (await verifyStrict(key.x, message, signature));
  if (!signed) fail('forged');

  const claims = new Reader(payload);
  const { 2: sub, 4: exp, 6: iat, [STATUS_LIST]: list } = mapOf(claims, () => claims.integer(), {
    2: () => claims.text(),
    4: () => claims.integer(),
    6: () => claims.integer(),
    [STATUS_LIST]: () => mapOf(claims, () => claims.text(), { lst: () => claims.byteString(), bits: () => claims.integer() }),
    [TTL]: () => claims.integer(),
  });
  claims.end();
  if (sub !== uri || list.bits !== 2) fail('another list');
  if (iat > at + CLOCK_SKEW_SECONDS || exp <= at) fail('stale');
  return { issuedAt: iat, statuses: await inflate(list.lst) };
}

/** The state of the voucher `idx` in a list of its shard. */
export function stateIn(list, idx) {
  const place = idx % SHARD_VOUCHERS;
  return STATES[(list.statuses[place >> 2] >> (2 * (place & 3))) & 3];
}

/**
 * The state of a token, and when the list was true that says so. `unknown` where no list of `host` can be had that is signed and new
 * enough to say that the voucher was not used.
 */
export async function stateOf(token, keys, host, at) {
  try {
    const path = '/redemption/sl/' + token.series + '/' + Math.floor(token.idx / SHARD_VOUCHERS);
    // Asked anew: whoever was just given a voucher must not be told what was true a minute ago.
    const answer = await fetch(path, { cache: 'no-cache', credentials: 'omit', referrerPolicy: 'no-referrer' });
    if (!answer.ok) fail('no list');
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const list = await readList(bytes, 'https://' + host + path, keys, at);
    const state = stateIn(list, token.idx);
    const old = at - list.issuedAt > STANDS_STILL_SECONDS;
    return { state: state === 'unused' && old ? 'unknown' : state, issuedAt: list.issuedAt };
  } catch (_) {
    return { state: 'unknown' };
  }
}
