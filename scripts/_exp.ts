import { loadSafetensors } from '../lib/checkpoint'; import { saveDenoiser, SMALL_QWEN_IMAGE } from '../lib/diffusion'; import { initBackend } from '../lib/tensor';
(async()=>{await initBackend('cpu'); const fs=await import('fs'); const [run,out]=process.argv.slice(2); const dir=`runs/${run}/state/`; const f=fs.readdirSync(dir).filter(x=>x.endsWith('.safetensors')).sort((a,b)=>parseInt(a.slice(5))-parseInt(b.slice(5))).pop()!; console.log(f);
const all=loadSafetensors(dir+f); const p=Object.fromEntries(Object.entries(all).filter(([k])=>k.startsWith('ema/')).map(([k,v])=>[k.slice(4),v]));
saveDenoiser(out,{config:SMALL_QWEN_IMAGE,params:p as any,flow:{prediction_type:'sample',shift:1}});})();
