import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { writeFileSync } from 'node:fs'
const root='/work/wt/emperf'
const { estateOf, tenantIdOf, APP, SECRET } = await import(root+'/bench/installation.ts')
writeFileSync('/tmp/ptok-estate.json', JSON.stringify(estateOf([20])))
const c = spawn('taskset',['-c','0','node','--cpu-prof','--cpu-prof-interval','300','--cpu-prof-dir=/tmp/emperf-ptok', root+'/emulator/cli.ts','--estate','/tmp/ptok-estate.json','--port','0','--http-port','0','--data-dir','/tmp/emperf-ptokdd','--json'],{stdio:['ignore','pipe','inherit']})
const [line] = await once(createInterface({input:c.stdout}),'line'); const f=JSON.parse(line)
const body = new URLSearchParams({grant_type:'client_credentials',client_id:APP,client_secret:SECRET,scope:'https://graph.microsoft.com/.default'}).toString()
const l = spawn('taskset',['-c','1','node',root+'/bench/emulator/load.ts',JSON.stringify({url:`${f.origin}/${tenantIdOf(1)}/oauth2/v2.0/token`,caFile:f.caFile,method:'POST',headers:{'content-type':'application/x-www-form-urlencoded'},body,connections:8,followsLinks:false,warmUpMilliseconds:1500,milliseconds:3500})],{stdio:'inherit'})
await once(l,'exit'); c.kill('SIGTERM'); await once(c,'exit')
