// node agent.js PORT COUNT: sixty-four requests at a time over sixty-four connections that are kept, each until its body
// has been read
const http = require('http')
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })

const send = (port, done) => {
  const request = http.get({ host: '127.0.0.1', port, agent }, response => response.resume().on('end', done))
  request.on('error', () => { failures++; done() })
}

let failures = 0
const run = (port, count) => new Promise(resolve => {
  let begun = 0, ended = 0
  const next = () => {
    if (begun++ < count) send(port, () => { ended++; ended === count ? resolve() : next() })
  }
  for (let i = 0; i < 64; i++) next()
})

const measure = async (port, count) => {
  await run(port, 2000)
  const cost = process.cpuUsage(), start = process.hrtime.bigint()
  await run(port, count)
  const { user, system } = process.cpuUsage(cost)
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  console.log((user + system) / count, count / seconds, failures)
  agent.destroy()
}

const [port, count] = process.argv.slice(2).map(Number)
measure(port, count)
