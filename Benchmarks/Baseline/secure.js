// node secure.js PORT COUNT full|resumed ADDRESS AUTHORITY: a TLS connection for each request, sixty-four at a time,
// each until its body has been read
const fs = require('fs'), https = require('https'), tls = require('tls')
const measure = require('./measure')
const [port, count, mode, address, authority] = process.argv.slice(2)
// Without a limit on sockets, with which it would keep connections as long as requests wait for one.
const agent = new https.Agent({
  maxCachedSessions: mode === 'full' ? 0 : 100,
  // Or else it would be made anew for each connection.
  secureContext: tls.createSecureContext({ ca: fs.readFileSync(authority) }),
  lookup: (name, options, done) => options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4)
})

const send = (_, done) => {
  const request = https.get({ host: 'origin.test', port, agent }, response => response.resume().on('end', done))
  request.on('error', () => done(true))
}

// The first alone: those behind it have a session to resume.
send(0, () => measure(Number(count), 200, send))
