// Checks of a client for Node.js: writes the same lines as tests/clients/checking.py.
'use strict'
const fs = require('fs')

const world = JSON.parse(process.env.WORLD)
const CHECK_SECONDS = 60
const checks = []
const outOfScope = {}
const results = fs.openSync(process.env.RESULTS, 'w')

const write = line => fs.writeSync(results, JSON.stringify(line) + '\n')
const check = (name, run) => checks.push({ name, run })
const leaveOut = (reason, ...names) => names.forEach(name => { outOfScope[name] = reason })

// Calls the stack without the client.
async function create (path, body) {
  const answer = await fetch(`${world.address}/API/v3/${path}`, {
    method: 'POST',
    headers: { 'X-API-TOKEN': world.api_key, 'Content-Type': 'application/json' },
    body: JSON.stringify(body)
  })
  const json = await answer.json()
  if (!answer.ok) throw new Error(`POST ${path}: ${JSON.stringify(json)}`)
  return json.result
}

function limit (promise) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${CHECK_SECONDS} s`)), CHECK_SECONDS * 1000)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

async function run () {
  write({ planned: checks.map(({ name }) => name), outOfScope })
  for (const { name, run } of checks) {
    const startedAt = Date.now() / 1000
    let fault = ''
    try {
      await limit(run())
    } catch (error) {
      fault = error instanceof Error ? `${error.name}: ${error.message}` : JSON.stringify(error)
    }
    write({ name, fault, startedAt, endedAt: Date.now() / 1000 + 0.001 })
  }
  process.exit(0)
}

module.exports = { world, check, leaveOut, create, run, write }
