import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../libs/core/failure.ts'
import { parseCsv, type Table } from '../../services/cli/csv.ts'

const parsed = (text: string, wanted?: readonly string[]): Table =>
  parseCsv(text, 't.csv', (header) => wanted ?? header)
const cells = (text: string, wanted?: readonly string[]): number[] => [...parsed(text, wanted).cells]

function refused(text: string, message: RegExp): void {
  assert.throws(
    () => parsed(text),
    (thrown) => thrown instanceof Failure && thrown.code === 'data-invalid' && message.test(thrown.message),
    text,
  )
}

test('quoted cells hold commas, line breaks and quotes; the columns beside them are read', () => {
  const text = 'shop,a\r\n"Rose, Thorn & Co",1\r\n"two\r\nlines, one ""cell""","2.5"\r\nplain 5" pipe,3\r\n'
  assert.deepEqual(cells(text, ['a']), [1, 2.5, 3])
  assert.deepEqual(parsed('"a ""b"", c", d ,"e\nf"\n1,2,3\n').columns, ['a "b", c', 'd', 'e\nf'])
  assert.deepEqual(cells('a,b\n "1" , 2 \n', ['b', 'a']), [2, 1])
})

test('an empty line is a row of one column, and none of several', () => {
  assert.deepEqual(cells('a\n1\n\n3\n'), [1, Number.NaN, 3])
  assert.deepEqual(cells('a\r\n1\r\n\r\n3'), [1, Number.NaN, 3])
  assert.deepEqual(cells('a\n1\n\n'), [1, Number.NaN])
  assert.deepEqual(cells('a,b\n1,2\n\n3,4\n  \n'), [1, 2, 3, 4])
  assert.equal(parsed('a\n').count, 0)
})

test('faults name the line they are on, whatever line breaks lie within cells before it', () => {
  refused('', /t.csv: empty/)
  refused('a,b\n"x\ny",1\n', /line 2, column a: 'x\ny' is not a number.*--drop a/s)
  refused('a,b\n"1\n",1\n2,"1,234"\n', /line 4, column b: '1,234' is not a number/)
  refused('a,b\n1,2\n1,"2\n', /line 3: a quote is opened that nothing closes/)
  refused('a,b\n1,"2"3\n', /line 2: '3' follows a closing quote/)
  refused('a,b\n"1\n",1\n1\n', /line 4 has 1 cells, the header 2/)
  refused('a,"a"\n', /column a is named twice/)
})

test('whatever a writer of RFC 4180 puts into a file comes out of it', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', ',', '"', '\n', '\r', '\t', 'é') })
  const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`
  const tables = fc.record({
    names: fc.uniqueArray(
      text.map((name) => `n${name}`),
      { minLength: 1, maxLength: 4 },
    ),
    rows: fc.array(
      fc.tuple(
        fc.float({ noDefaultInfinity: true }).map((value) => value + 0),
        text,
        fc.boolean(),
      ),
      { maxLength: 6 },
    ),
    end: fc.constantFrom('\n', '\r\n'),
  })
  fc.assert(
    fc.property(tables, ({ names, rows, end }) => {
      const lines = rows.map(([value, beside, whether]) => {
        const number = Number.isNaN(value) ? '' : String(value)
        return [whether ? quoted(number) : number, ...names.slice(1).map(() => quoted(beside))].join(',')
      })
      const file = [names.map(quoted).join(','), ...lines].map((line) => `${line}${end}`).join('')
      assert.deepEqual(parseCsv(file, 't.csv', () => []).count, rows.length)
      assert.deepEqual(parsed(file, names.slice(0, 1)).columns, names.slice(0, 1))
      assert.deepEqual(
        cells(file, names.slice(0, 1)),
        rows.map(([value]) => value),
      )
    }),
  )
})
