// Categories: what a network gives in their columns becomes shares of one, and these become values of the columns.
// The twin (twin-shares.ts) does the same operations in the same order and must give the same bits.

/**
 * e^x for x ≤ 88, from +, −, × and a power of two: x = k·ln 2 + r, |r| ≤ ½ ln 2, Taylor to the seventh power; relative error
 * 3e-7. Below −87, and for what is no number, it is that of −87.
 */
// @ts-ignore: decorator
@inline
export function exponential(value: f32): f32 {
  const x: f32 = value > -87 ? value : -87
  const k = floor<f32>(x * <f32>1.4426950408889634 + <f32>0.5)
  const r = x - k * <f32>0.693359375 - k * <f32>-0.00021219444005469057
  let p: f32 = <f32>0.0001984126984126984
  p = p * r + <f32>0.001388888888888889
  p = p * r + <f32>0.008333333333333333
  p = p * r + <f32>0.041666666666666664
  p = p * r + <f32>0.16666666666666666
  p = p * r + <f32>0.5
  p = p * r + <f32>1
  p = p * r + <f32>1
  return p * reinterpret<f32>((<i32>k + 127) << 23)
}

/**
 * In the columns [from, to) of each category, told by pairs at `table`: y = low + span · softmax(y); a column alone stands
 * against an output of 0, which makes its share a sigmoid.
 */
export function shares(y: usize, rows: i32, vectors: i32, table: usize, categories: i32, low: usize, span: usize): void {
  const tableEnd = table + (<usize>categories << 3)
  for (let row = 0; row < rows; row++) {
    for (let pair = table; pair < tableEnd; pair += 8) {
      const from = <usize>load<i32>(pair) << 2
      const to = <usize>load<i32>(pair, 4) << 2
      const alone = to - from == 4
      let highest: f32 = load<f32>(y + from)
      if (alone && highest < 0) highest = 0
      for (let at = from + 4; at < to; at += 4) {
        const value = load<f32>(y + at)
        if (value > highest) highest = value
      }
      let all: f32 = alone ? exponential(-highest) : 0
      for (let at = from; at < to; at += 4) {
        const share = exponential(load<f32>(y + at) - highest)
        all += share
        store<f32>(y + at, share)
      }
      for (let at = from; at < to; at += 4) {
        store<f32>(y + at, load<f32>(low + at) + load<f32>(span + at) * (load<f32>(y + at) / all))
      }
    }
    y += <usize>vectors << 4
  }
}
