// What we use of snappyjs, which ships no types.
declare module 'snappyjs' {
  export function uncompress(bytes: Uint8Array, lengthMax: number): Uint8Array
  export function compress(bytes: Uint8Array): Uint8Array
}
