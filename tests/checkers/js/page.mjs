// Runs the public page's own modules under Node: what they say of every vector, of tokens given on standard input, and of
// signatures that only a lenient check would take.
//
//   node page.mjs ASSETS JWKS.json AT < TEXTS     a line of digits each; prints `valid` or the reason, a line each
//   node page.mjs ASSETS list JWKS.json AT URI LIST IDX…   the state of each IDX in a status list
//   node page.mjs ASSETS lenient                  fails if a signature is accepted that `verify_strict` refuses

import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

// Node 18 has it under another name.
globalThis.crypto ??= webcrypto;

const [assets, jwks, at] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(resolve(assets, name)));
const { verify, verifyStrict, Refused } = await load('voucher.mjs');
const { readKeys } = await load('keys.mjs');

async function texts() {
  const keys = await readKeys(JSON.parse(readFileSync(jwks, 'utf8')));
  for (const text of readFileSync(0, 'utf8').split('\n').slice(0, -1)) {
    try {
      await verify(text, keys, Number(at));
      console.log('valid');
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      console.log(refused.reason);
    }
  }
}

async function lenient() {
  const { Point, verifyAsync } = await load('ed25519.mjs');
  const ORDER = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;
  const little = (bytes) => BigInt('0x' + Buffer.from(bytes).reverse().toString('hex'));
  const bytes32 = (n) => new Uint8Array(Buffer.from(n.toString(16).padStart(64, '0'), 'hex').reverse());
  // A point of order 8, of RFC 8032's curve: its eightfold is the identity.
  const torsion = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
  const [a, r] = [123456789n, 987654321n];
  const message = new TextEncoder().encode('a key that signs with a twist');
  const A = Point.BASE.multiply(a);
  const sign = async (R, key) => {
    const hashed = await crypto.subtle.digest('SHA-512', Buffer.concat([R, key, message]));
    const s = (r + (little(new Uint8Array(hashed)) % ORDER) * a) % ORDER;
    return { signature: Uint8Array.from([...R, ...bytes32(s)]), s };
  };
  const expect = async (what, wanted, key, signature) => {
    if ((await verifyStrict(key, message, signature)) !== wanted) throw new Error(`${what} should be ${wanted ? 'accepted' : 'refused'}`);
    console.log(`${wanted ? 'accepted' : 'refused'}: ${what}`);
  };
  const key = A.toBytes();
  const R = Point.BASE.multiply(r).toBytes();
  const honest = await sign(R, key);
  await expect('an honest signature', true, key, honest.signature);
  await expect('s + order', false, key, Uint8Array.from([...R, ...bytes32(honest.s + ORDER)]));
  const twisted = Point.BASE.multiply(r).add(torsion).toBytes();
  const mixed = await sign(twisted, key);
  if (!(await verifyAsync(mixed.signature, message, key))) throw new Error('a lenient check should accept R with a twist');
  await expect('R with a twist, which a lenient check accepts', false, key, mixed.signature);
  const small = await sign(torsion.toBytes(), key);
  await expect('R of small order', false, key, small.signature);
  await expect('a key of small order', false, torsion.toBytes(), honest.signature);
  const identity = Uint8Array.from([1, ...new Array(31).fill(0)]);
  await expect('the identity as key and R, s = 0', false, identity, Uint8Array.from([...identity, ...new Array(32).fill(0)]));
}

async function list(jwks, at, uri, path, idxs) {
  const { readList, stateIn } = await load('state.mjs');
  const keys = await readKeys(JSON.parse(readFileSync(jwks, 'utf8')));
  const bytes = new Uint8Array(readFileSync(path));
  const says = async () => {
    const read = await readList(bytes, uri, keys, Number(at)).catch((error) => error.message);
    return typeof read === 'string' ? read : idxs.map((idx) => stateIn(read, Number(idx))).join('\n');
  };
  const said = await says();
  // A browser that cannot inflate says the same by the script that does it.
  delete globalThis.DecompressionStream;
  const slowly = await says();
  if (slowly !== said) throw new Error(`with DecompressionStream: ${said}; without: ${slowly}`);
  console.log(said);
}

if (jwks === 'lenient') await lenient();
else if (jwks === 'list') await list(at, ...process.argv.slice(5, 8), process.argv.slice(8));
else await texts();
