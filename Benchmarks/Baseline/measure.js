// Sixty-four at a time: prints microseconds of processor time for each, how many there were a second, and failures.
// `send(number, done)` calls `done(failed)`.
const run = (count, send) => new Promise(resolve => {
  let begun = 0, ended = 0, failures = 0
  const next = () => {
    if (begun < count) send(begun++, failed => {
      if (failed) failures++
      ++ended === count ? resolve(failures) : next()
    })
  }
  for (let i = 0; i < 64; i++) next()
})

module.exports = async (count, warmup, send) => {
  let failures = await run(warmup, send)
  const cost = process.cpuUsage(), start = process.hrtime.bigint()
  failures += await run(count, send)
  const { user, system } = process.cpuUsage(cost)
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  console.log((user + system) / count, count / seconds, failures)
}
