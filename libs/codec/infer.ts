// Infer: the TypeScript type of the values of an Avro schema that is written `as const`. A schema is written once, and a
// value outside an enum of it is a compile error. A reference to a named type infers `unknown`: define types in place.

interface Primitive {
  null: null
  boolean: boolean
  int: number
  long: number
  float: number
  double: number
  bytes: Uint8Array
  string: string
}

export type Infer<S> = S extends keyof Primitive
  ? Primitive[S]
  : S extends readonly (infer Branch)[]
    ? Branch extends unknown
      ? Infer<Branch>
      : never
    : S extends { readonly type: 'record'; readonly fields: readonly (infer Member)[] }
      ? InferFields<Member>
      : S extends { readonly type: 'enum'; readonly symbols: readonly (infer Symbol)[] }
        ? Symbol
        : S extends { readonly type: 'array'; readonly items: infer Items }
          ? Infer<Items>[]
          : S extends { readonly type: 'map'; readonly values: infer Values }
            ? { [key: string]: Infer<Values> }
            : S extends { readonly type: 'fixed' }
              ? Uint8Array
              : S extends { readonly type: infer Inner }
                ? Inner extends keyof Primitive
                  ? Primitive[Inner]
                  : unknown
                : unknown

type InferFields<Member> = {
  [F in Member as F extends { readonly name: infer Name extends string } ? Name : never]: F extends {
    readonly type: infer Type
  }
    ? Infer<Type>
    : never
}
