// Checks tokens with WebCrypto, written from the format's description and from nothing of ours.
//
//   node tokens.mjs verify VECTORS.json   expands, verifies and refuses every vector; prints a line of JSON for each
//   node tokens.mjs make COUNT            makes a key and COUNT tokens of its own; prints them as JSON
//
// No dependency: CBOR, digits and COSE are written out here. Exits with 1 at the first disagreement.

import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';

const { subtle } = webcrypto;
const GROUPS = [...Array(12).fill([7, 17]), [2, 5]];
const EPOCH_2020 = 1577836800n;

/** CBOR (RFC 8949), deterministic: numbers, bytes, texts, arrays, and maps whose keys come in the right order. */
function cbor(value) {
  const head = (major, n) => {
    n = BigInt(n);
    for (const [info, size] of [[24, 1], [25, 2], [26, 4], [27, 8]]) {
      if (n < 24n) return Buffer.from([(major << 5) | Number(n)]);
      if (n < 1n << BigInt(8 * size)) {
        const hex = n.toString(16).padStart(2 * size, '0');
        return Buffer.concat([Buffer.from([(major << 5) | info]), Buffer.from(hex, 'hex')]);
      }
    }
    throw new Error('too large');
  };
  if (typeof value === 'bigint' || typeof value === 'number') {
    const n = BigInt(value);
    return n < 0n ? head(1, -1n - n) : head(0, n);
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  if (value instanceof Map) {
    return Buffer.concat([head(5, value.size), ...[...value].flatMap(([k, v]) => [cbor(k), cbor(v)])]);
  }
  throw new Error('unknown kind');
}

function refuse(reason) {
  throw Object.assign(new Error(reason), { reason });
}

function bytesOf(digits) {
  if (!/^[0-9]{209}$/.test(digits)) refuse('malformed');
  const parts = [];
  let at = 0;
  for (const [size, count] of GROUPS) {
    const number = BigInt(digits.slice(at, at + count));
    if (number >= 1n << BigInt(8 * size)) refuse('malformed');
    parts.push(Buffer.from(number.toString(16).padStart(2 * size, '0'), 'hex'));
    at += count;
  }
  return Buffer.concat(parts);
}

function digitsOf(bytes) {
  let at = 0;
  return GROUPS.map(([size, count]) => {
    const number = BigInt('0x' + bytes.subarray(at, (at += size)).toString('hex'));
    return number.toString().padStart(count, '0');
  }).join('');
}

function textOf(text, host) {
  if (/\s/.test(text)) refuse('space');
  if (text.startsWith('http://')) refuse('plain_http');
  if (!text.startsWith('https://')) return bytesOf(text);
  const [, found, path] = /^https:\/\/([^/#?]*)(.*)$/.exec(text);
  if (found !== host) refuse('other_host');
  if (!path.startsWith('/v#')) refuse('malformed');
  return bytesOf(path.slice(3));
}

/** Header, claims and signature that the 86 bytes stand for. */
function fields(token) {
  if (token[0] !== 1) refuse('unknown_format');
  const day = BigInt(token.readUInt16BE(12));
  const value = [token.readUInt16BE(10), token.readUInt16BE(5), token.readUIntBE(7, 3)];
  return {
    kid: token.subarray(1, 5),
    exp: EPOCH_2020 + (day + 1n) * 86400n - 1n,
    header: cbor(new Map([[1, -19], [4, token.subarray(1, 5)]])),
    claims: cbor(new Map([[4, EPOCH_2020 + (day + 1n) * 86400n - 1n], [7, token.subarray(14, 22)], [-65537, value]])),
    signature: token.subarray(22),
  };
}

const signed = ({ header, claims }) => cbor(['Signature1', header, Buffer.alloc(0), claims]);
const sign1 = ({ header, claims, signature }) =>
  Buffer.concat([Buffer.from([0xd2]), cbor([header, new Map(), claims, signature])]);

const coseKey = (x) => cbor(new Map([[1, 1], [-1, 6], [-2, x]]));
const thumbprint = async (x) => Buffer.from(await subtle.digest('SHA-256', coseKey(x)));

async function verify(text, host, keys) {
  const it = fields(textOf(text, host));
  const known = keys.filter((key) => key.kid.equals(it.kid));
  if (known.length === 0) refuse('unknown_key');
  for (const { key } of known) {
    if (await subtle.verify('Ed25519', key, it.signature, signed(it))) return it;
  }
  return refuse('forged');
}

function agree(what, ours, theirs) {
  if (ours !== theirs) throw new Error(`${what}: ${ours} here, ${theirs} there`);
}

async function check(path) {
  const vectors = JSON.parse(readFileSync(path, 'utf8'));
  const keys = [];
  for (const { kid, public: hex, thumbprint: print, cose_key: cose } of vectors.keys) {
    const x = Buffer.from(hex, 'hex');
    agree('COSE_Key', coseKey(x).toString('hex'), cose);
    agree('thumbprint', (await thumbprint(x)).toString('hex'), print);
    agree('kid', print.slice(0, 8), kid);
    keys.push({ kid: Buffer.from(kid, 'hex'), key: await subtle.importKey('raw', x, 'Ed25519', false, ['verify']) });
  }
  for (const vector of vectors.valid) {
    for (const text of [vector.url, vector.digits]) {
      const it = await verify(text, vectors.host, keys);
      agree('token', textOf(text, vectors.host).toString('hex'), vector.token);
      agree('CWT', sign1(it).toString('hex'), vector.cwt);
      agree('exp', String(it.exp), String(vector.exp));
    }
    console.log(JSON.stringify({ token: vector.token, reason: null }));
  }
  for (const { why, url, digits } of vectors.invalid) {
    const reason = await verify(url ?? digits, vectors.host, keys).then(() => null, (error) => error.reason ?? Promise.reject(error));
    if (reason === null) throw new Error(`accepted: ${why}`);
    console.log(JSON.stringify({ why, reason }));
  }
}

async function make(count) {
  const { privateKey, publicKey } = await subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  const x = Buffer.from(await subtle.exportKey('raw', publicKey));
  const kid = (await thumbprint(x)).subarray(0, 4);
  const made = [];
  for (let n = 0; n < count; n++) {
    const token = Buffer.alloc(86);
    webcrypto.getRandomValues(token);
    token[0] = 1;
    kid.copy(token, 1);
    const signature = await subtle.sign('Ed25519', privateKey, signed(fields(token)));
    Buffer.from(signature).copy(token, 22);
    const [cents, series, idx] = [token.readUInt16BE(10), token.readUInt16BE(5), token.readUIntBE(7, 3)];
    made.push({ digits: digitsOf(token), cents, series, idx, day: token.readUInt16BE(12), id: token.subarray(14, 22).toString('hex') });
  }
  console.log(JSON.stringify({ public_key: x.toString('hex'), kid: kid.toString('hex'), tokens: made }));
}

const [command, argument] = process.argv.slice(2);
await (command === 'verify' ? check(argument) : make(Number(argument)));
