// Runs the test that qualtrics-api 2.5.0 is published with, as it is, and reads its TAP: each assertion is a check.
'use strict'
const path = require('path')
const { spawnSync } = require('child_process')
const { world, create, write } = require('./checking')

const PLANNED = 7
const CONTACTS = 230 // it wants 200 in pages of 50

async function main () {
  const lists = `directories/${world.directory}/mailinglists`
  const list = (await create(lists, { name: 'Its own test' })).id
  const contacts = Array.from({ length: CONTACTS }, (_, n) => ({ extRef: `TAP-${n}`, email: `tap${n}@example.com` }))
  await create(`${lists}/${list}/transactioncontacts`, { contacts })
  write({ planned: Array.from({ length: PLANNED }, (_, n) => `assertion ${n + 1}`), outOfScope: {} })
  const env = {
    ...process.env,
    API_TOKEN: world.api_key,
    BASE_URL: `${world.node_address}/API/v3`,
    DEFAULT_DIRECTORY: world.directory,
    TEST_MAILINGLIST_ID: list
  }
  const startedAt = Date.now() / 1000
  const test = path.join(path.dirname(require.resolve('qualtrics-api')), 'test', 'tap.list.js')
  const done = spawnSync(process.execPath, [test], { env, encoding: 'utf8' })
  console.log(done.stdout, done.stderr)
  const assertions = done.stdout.split('\n').filter(line => /^ {4}(not )?ok \d+/.test(line))
  assertions.forEach((line, n) => write({
    name: `assertion ${n + 1}`,
    fault: line.trim().startsWith('ok') ? '' : line.trim(),
    startedAt,
    endedAt: Date.now() / 1000
  }))
}

main()
