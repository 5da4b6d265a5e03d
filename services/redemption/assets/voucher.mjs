// A voucher, from the text of its QR code to a verdict; the same rules in the same order as the Rust package `voucher`, whose
// reasons are named here. Pure: the keys and the instant are arguments.

import { Point } from './ed25519.mjs';

const TOKEN_BYTES = 86;
const TOKEN_DIGITS = 209;
const GROUP_BYTES = 7;
const GROUP_DIGITS = 17;
const FORMAT = 1;
const EPOCH_2020 = 1577836800;
const DAY_SECONDS = 86400;
/** Order of the base point (RFC 8032 § 5.1). */
const ORDER = BigInt('0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed');
const SCALAR_BITS = 253;

/** Why a voucher is refused: `reason` is the stable word of `VerifyError::reason`. */
export class Refused extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** The 86 bytes that 209 digits write; strict, so one token has one text. */
export function bytesOf(digits) {
  if (/\s/.test(digits)) throw new Refused('space');
  if (!/^[0-9]*$/.test(digits) || digits.length !== TOKEN_DIGITS) throw new Refused('malformed');
  const bytes = new Uint8Array(TOKEN_BYTES);
  for (let first = 0, at = 0; at < TOKEN_BYTES; first += GROUP_DIGITS) {
    const size = Math.min(GROUP_BYTES, TOKEN_BYTES - at);
    let number = BigInt(digits.slice(first, first + GROUP_DIGITS));
    for (let place = size - 1; place >= 0; place--) {
      bytes[at + place] = Number(number & BigInt(255));
      number >>= BigInt(8);
    }
    // A second text for some token.
    if (number !== BigInt(0)) throw new Refused('malformed');
    at += size;
  }
  return bytes;
}

/** What the fixed layout says, unproven. */
export function read(digits) {
  const bytes = bytesOf(digits);
  if (bytes[0] !== FORMAT) throw new Refused('unknown_format');
  const number = (from, to) => bytes.slice(from, to).reduce((sum, byte) => sum * 256 + byte, 0);
  const day = number(12, 14);
  return {
    kid: bytes.slice(1, 5),
    series: number(5, 7),
    idx: number(7, 10),
    cents: number(10, 12),
    day,
    exp: EPOCH_2020 + (day + 1) * DAY_SECONDS - 1,
    id: bytes.slice(14, 22),
    signature: bytes.slice(22),
  };
}

// Deterministic CBOR (RFC 8949 § 4.2.1): every number in its shortest head. A last day after 2106 needs more than 32 bits.
const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;

function head(major, argument) {
  const top = major << 5;
  if (argument < 24) return [top | argument];
  if (argument < 0x100) return [top | 24, argument];
  if (argument < 0x10000) return [top | 25, argument >> 8, argument & 255];
  const word = (number) => [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
  if (argument < 0x100000000) return [top | 26, ...word(argument)];
  return [top | 27, ...word(Math.floor(argument / 0x100000000)), ...word(argument % 0x100000000)];
}

const integer = (value) => (value < 0 ? head(NEGATIVE, -1 - value) : head(UNSIGNED, value));
const byteString = (bytes) => [...head(BYTES, bytes.length), ...bytes];
const textString = (text) => [...head(TEXT, text.length), ...Array.from(text, (c) => c.charCodeAt(0))];

/** The bytes that are signed: `["Signature1", protected, h'', payload]` (RFC 9052 § 4.4). */
export function sigStructure(token) {
  const protectedHeader = [...head(MAP, 2), ...integer(1), ...integer(-19), ...integer(4), ...byteString(token.kid)];
  const payload = [
    ...head(MAP, 3),
    ...integer(4),
    ...integer(token.exp),
    ...integer(7),
    ...byteString(token.id),
    ...integer(-65537),
    ...head(ARRAY, 3),
    ...integer(token.cents),
    ...integer(token.series),
    ...integer(token.idx),
  ];
  return sigStructureOf(protectedHeader, payload);
}

/** The same of any header and payload. */
export function sigStructureOf(protectedHeader, payload) {
  const parts = [[...head(ARRAY, 4), ...textString('Signature1'), ...byteString(protectedHeader), ...byteString([])]];
  parts.push(head(BYTES, payload.length), payload);
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

/** The deterministic `COSE_Key` whose SHA-256 is the key's thumbprint (RFC 9679). */
export function coseKey(x) {
  const pairs = [...integer(1), ...integer(1), ...integer(-1), ...integer(6), ...integer(-2), ...byteString(x)];
  return Uint8Array.from([...head(MAP, 3), ...pairs]);
}

function littleEndian(bytes) {
  let number = BigInt(0);
  for (let place = bytes.length - 1; place >= 0; place--) number = (number << BigInt(8)) | BigInt(bytes[place]);
  return number;
}

/** A public key's point, or null for bytes that are none, and for the few points under which anybody can forge. */
export function publicPoint(x) {
  try {
    const point = Point.fromBytes(x);
    return point.isSmallOrder() ? null : point;
  } catch (_) {
    return null;
  }
}

/**
 * Whether `signature` is that of `message` under the key `x`, as `verify_strict` decides it: s in its one form, R of large
 * order, and [s]B − [k]A equal to R byte for byte, without the cofactor.
 */
export async function verifyStrict(x, message, signature) {
  const A = publicPoint(x);
  const R = signature.slice(0, 32);
  const s = littleEndian(signature.slice(32));
  if (A === null || publicPoint(R) === null || s >= ORDER) return false;
  const hashed = new Uint8Array(64 + message.length);
  hashed.set(R);
  hashed.set(x, 32);
  hashed.set(message, 64);
  const k = littleEndian(new Uint8Array(await crypto.subtle.digest('SHA-512', hashed))) % ORDER;
  // Both products in one walk over the bits; the library's own multiplication by B first fills a table for many signatures.
  const terms = [Point.ZERO, Point.BASE, A.negate(), Point.BASE.add(A.negate())];
  let sum = Point.ZERO;
  for (let bit = BigInt(SCALAR_BITS - 1); bit >= BigInt(0); bit--) {
    sum = sum.double();
    const which = Number(((s >> bit) & BigInt(1)) | (((k >> bit) & BigInt(1)) << BigInt(1)));
    if (which !== 0) sum = sum.add(terms[which]);
  }
  return sum.toBytes().every((byte, place) => byte === R[place]);
}

const same = (a, b) => a.length === b.length && a.every((byte, place) => byte === b[place]);

/** The key that signed the token, whatever may be said against that key. */
async function signer(token, keys) {
  const candidates = keys.filter((key) => same(key.kid, token.kid));
  if (candidates.length === 0) throw new Refused('unknown_key');
  const message = sigStructure(token);
  for (const key of candidates) {
    if (await verifyStrict(key.x, message, token.signature)) return key;
  }
  throw new Refused('forged');
}

/** Proves the voucher behind `digits` at an instant in Unix seconds; what it says, or a `Refused` that carries it. */
export async function verify(digits, keys, at) {
  const token = read(digits);
  const key = await signer(token, keys);
  const refuse = (reason) => {
    const refused = new Refused(reason);
    refused.token = token;
    throw refused;
  };
  if (key.withdrawn) refuse('key_withdrawn');
  if (key.purpose !== 'voucher') refuse('wrong_purpose');
  const inSeries = token.series >= key.series[0] && token.series <= key.series[1];
  if (!inSeries || token.cents > key.maxCents || token.day > key.latestDay) refuse('out_of_bounds');
  if (key.validFrom !== null && at < key.validFrom) refuse('key_not_yet_valid');
  if (at >= token.exp) refuse('expired');
  if (key.validUntil !== null && at >= key.validUntil) refuse('key_expired');
  return token;
}
