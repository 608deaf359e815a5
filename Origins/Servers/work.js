// Node's http. Where ORIGIN_GIVES_UP is 1, the work ends when the response is closed before it was sent.
const fs = require("node:fs")
const http = require("node:http")

const { ORIGIN_PORT, ORIGIN_LOG, ORIGIN_WORK_MS, ORIGIN_BODY_BYTES, ORIGIN_GIVES_UP } = process.env

http.createServer((request, response) => {
    const note = event => fs.appendFileSync(ORIGIN_LOG, `${request.url} ${event}\n`)
    let work
    request.resume().on("end", () => {
        note("begun")
        work = setTimeout(() => {
            note("finished")
            response.end("x".repeat(Number(ORIGIN_BODY_BYTES)))
        }, Number(ORIGIN_WORK_MS))
    })
    response.on("finish", () => note("written"))
    response.on("close", () => {
        if (response.writableFinished) return
        note(response.writableEnded ? "failed response closed" : "told response closed")
        if (ORIGIN_GIVES_UP !== "1" || response.writableEnded) return
        clearTimeout(work)
        note("aborted response closed")
    })
}).listen(Number(ORIGIN_PORT), "0.0.0.0")
