// npm run build && node scripts/set-up.mjs examples/tunnel.ts
//
// A public address for a local service on a relay of one's own, from the `.env` of the old system
// (AWS_ACCESS_KEY, AWS_SECRET_KEY, PORT…), which costs money. Ctrl-C removes everything again.
import { Tunnel } from '@sallyport/provisioner'

const tunnel = new Tunnel({ env: process.env })
const { url } = await tunnel.start({ purge: true })
console.log(url)
process.once('SIGINT', () => {
  void tunnel.stop()
})
