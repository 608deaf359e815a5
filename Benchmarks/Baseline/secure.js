// node secure.js PORT COUNT full|resumed ADDRESS AUTHORITY: a TLS connection for each request, sixty-four at a time,
// each until its body has been read
const fs = require('fs'), https = require('https'), tls = require('tls')
const [port, count, mode, address, authority] = process.argv.slice(2)
// Without a limit on sockets, with which it would keep connections as long as requests wait for one.
const agent = new https.Agent({
  maxCachedSessions: mode === 'full' ? 0 : 100,
  // Or else it would be made anew for each connection.
  secureContext: tls.createSecureContext({ ca: fs.readFileSync(authority) }),
  lookup: (name, options, done) => options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4)
})

let failures = 0
const send = done => {
  const request = https.get({ host: 'origin.test', port, agent }, response => response.resume().on('end', done))
  request.on('error', () => { failures++; done() })
}

const run = count => new Promise(resolve => {
  let begun = 0, ended = 0
  const next = () => {
    if (begun++ < count) send(() => { ended++; ended === count ? resolve() : next() })
  }
  for (let i = 0; i < 64; i++) next()
})

const measure = async count => {
  await run(1)
  await run(200)
  const cost = process.cpuUsage(), start = process.hrtime.bigint()
  await run(count)
  const { user, system } = process.cpuUsage(cost)
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  console.log((user + system) / count, count / seconds, failures)
}

measure(Number(count))
