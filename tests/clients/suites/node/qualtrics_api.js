// qualtrics-api 2.5.0 (npm): lists, directory contacts, links, exports, users and groups.
'use strict'
const assert = require('assert')
const fs = require('fs')
const Qualtrics = require('qualtrics-api')
const { world, check, leaveOut, run } = require('./checking')

const client = new Qualtrics({
  apiToken: world.api_key,
  baseUrl: `${world.node_address}/API/v3/`,
  defaultDirectory: world.directory
})
const directory = client.directory()
const survey = client.survey(world.survey)
const made = {}
const isOk = answer => assert.strictEqual(answer.meta.httpStatus, '200 - OK')
const list = () => client.mailingList(made.list)

check('whoami', async () => {
  made.user = (await client.whoami()).result.userId
  assert.ok(made.user)
})
check('allUsers', async () => {
  const users = (await client.allUsers()).result.elements
  assert.deepStrictEqual(users.map(({ id }) => id), [made.user])
})
check('user.get', async () => assert.strictEqual((await client.user(made.user).get()).result.id, made.user))
check('user.getAll', async () => assert.strictEqual((await client.user().getAll()).length, 1))
check('allGroups', async () => assert.deepStrictEqual(await client.allGroups(), []))

check('mailingList.add', async () => {
  made.list = (await client.mailingList().add({ name: 'npm' })).result.id
  assert.match(made.list, /^CG_/)
})
check('mailingList.addContact', async () => {
  const added = await list().addContact({ extRef: 'NPM-1', email: 'npm1@example.com' })
  made.contact = added.result.id
  assert.match(made.contact, /^CID_/)
})
check('mailingList.addContacts', async () => {
  const contacts = Array.from({ length: 119 }, (_, n) => ({ extRef: `NPM-${n + 2}` }))
  const added = await list().addContacts(contacts)
  assert.strictEqual(added.length, 119)
  added.forEach(isOk)
})
check('mailingList.getContacts', async () => {
  assert.strictEqual((await list().getContacts()).result.elements.length, 50)
})
check('mailingList.getAllContacts', async () => {
  const ids = (await list().getAllContacts(1000)).map(({ contactId }) => contactId)
  assert.strictEqual(new Set(ids).size, 120)
})
check('mailingList.getContact', async () => {
  assert.strictEqual((await list().getContact(made.contact)).result.extRef, 'NPM-1')
})
check('mailingList.updateContact', async () => {
  isOk(await list().updateContact(made.contact, { firstName: 'Nora' }))
  assert.strictEqual((await list().getContact(made.contact)).result.firstName, 'Nora')
})

check('directory.getContacts', async () => {
  assert.strictEqual((await directory.getContacts()).result.elements.length, 100)
})
check('directory.getAllContacts', async () => {
  const ids = (await directory.getAllContacts()).map(({ contactId }) => contactId)
  assert.ok(ids.length >= 120)
  assert.strictEqual(new Set(ids).size, ids.length)
})
check('directory.getContact', async () => {
  assert.strictEqual((await directory.getContact(made.contact)).result.firstName, 'Nora')
})
check('directory.updateContact', async () => {
  isOk(await directory.updateContact(made.contact, { lastName: 'Maj' }))
  assert.strictEqual((await directory.getContact(made.contact)).result.lastName, 'Maj')
})

check('distribution.add', async () => {
  made.links = (await survey.distribution().add(made.list, { description: 'npm links' })).result.id
  assert.match(made.links, /^EMD_/)
})
check('distribution.contacts', async () => {
  const { contacts } = (await survey.distribution(made.links).contacts()).result
  assert.strictEqual(contacts.length, 120)
  assert.match(contacts[0].link, /^https:/)
})
check('survey.listDistribution', async () => {
  const listed = (await survey.listDistribution('GeneratedInvite')).result.elements
  assert.ok(listed.some(({ id }) => id === made.links))
})
check('distribution.delete', async () => isOk(await survey.distribution(made.links).delete()))

check('survey.downloadResponseExport', async () => {
  await survey.downloadResponseExport('responses.zip', 'csv')
  assert.strictEqual(fs.readFileSync('responses.zip').subarray(0, 2).toString(), 'PK')
})
check('survey.downloadResponseExport without compression', async () => {
  await client.downloadResponseExport(world.survey, 'responses.json', { format: 'json', compress: false })
  const { responses } = JSON.parse(fs.readFileSync('responses.json', 'utf8'))
  assert.ok(responses.some(({ responseId }) => responseId === world.response))
})

check('directory.unsubscribedContact', async () => {
  isOk(await directory.unsubscribedContact(made.contact))
  assert.strictEqual((await directory.getContact(made.contact)).result.directoryUnsubscribed, true)
})
check('mailingList.removeContact', async () => {
  isOk(await list().removeContact(made.contact))
  await assert.rejects(list().getContact(made.contact), ({ meta }) => meta.httpStatus === '404 - Not Found')
})
check('directory.removeContact', async () => {
  isOk(await directory.removeContact(made.contact))
  await assert.rejects(directory.getContact(made.contact), ({ meta }) => meta.httpStatus === '404 - Not Found')
})
check('mailingList.delete', async () => {
  isOk(await list().delete())
  await assert.rejects(list().getContacts(), ({ meta }) => meta.httpStatus === '404 - Not Found')
})

leaveOut('users and groups are read only', 'user.update', 'group.add', 'group.addMember', 'group.removeMember')
leaveOut('there are no groups', 'group.get', 'group.getMembers')
leaveOut('responses in progress are not kept', 'survey.getSession', 'survey.deleteSession')
leaveOut('responses are deleted with their contact, or by retention', 'survey.deleteResponse')
run()
