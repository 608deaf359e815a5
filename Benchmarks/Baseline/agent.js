// node agent.js PORT COUNT: sixty-four requests at a time over sixty-four connections that are kept, each until its body
// has been read
const http = require('http'), measure = require('./measure')
const [port, count] = process.argv.slice(2).map(Number)
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })

const send = (_, done) => {
  const request = http.get({ host: '127.0.0.1', port, agent }, response => response.resume().on('end', done))
  request.on('error', () => done(true))
}

measure(count, 2000, send).then(() => agent.destroy())
