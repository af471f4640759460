import * as d from '../lib/diffusion'; import { encodeForDrawing, Qwen2, Tokenizer } from '../lib/encoder'; import { imageGrid } from '../lib/notebook';
import { initBackend, RandomStream, tf } from '../lib/tensor'; import { loadSafetensors } from '../lib/checkpoint'; import { captionOf, imagesToTensor, randomScene, renderScene } from '../lib/world';
import * as fs from 'fs';
(async()=>{
 await initBackend();
 const dir='runs/dit-base/state/'; const f=fs.readdirSync(dir).filter(x=>x.endsWith('.safetensors')).sort().pop()!;
 const all=loadSafetensors(dir+f); const pre=[...new Set(Object.keys(all).map(k=>k.split(/[./]/)[0]))]; console.log(f,pre, Object.keys(all).slice(0,3));
 const get=(p:string)=>Object.fromEntries(Object.entries(all).filter(([k])=>k.startsWith(p)).map(([k,v])=>[k.slice(p.length),v]));
 const lm=await Qwen2.fromPretrained('checkpoints/base/text_encoder'); const tok=await Tokenizer.fromPretrained('checkpoints/base/tokenizer');
 const caps=['one large violin on a table','one large pig in a meadow','a green flame on a table','one large owl in a forest at night'];
 const cond=encodeForDrawing(lm,tok,caps), neg=encodeForDrawing(lm,tok,[' ']);
 const pics:any[]=[];
 for(const name of process.argv.slice(2)) { const params=get(name); console.log(name,Object.keys(params).length);
  const den={config:d.SMALL_QWEN_IMAGE,params,flow:{prediction_type:'sample' as const,shift:1}};
  for(const g of [1,3]){ const p=await d.sample({denoiser:den,conditioning:cond,negative:neg,guidance:g,steps:12,images:d.imageSeeds(1,4)}); pics.push(...d.patchesToPixels(p).map((data:any,i:number)=>({data,label:`${name} g${g}`})));}
  const r=RandomStream.of(3,'x'); const spec=randomScene(r,{artists:['noto']}); const c2=encodeForDrawing(lm,tok,[captionOf(spec,r)]); const x0=d.patchify(imagesToTensor([renderScene(spec,{seed:0})]),8);
  for(const s of [0.99,0.7,0.4]){const x=d.addNoise(x0,RandomStream.of(3,'e').tensorNormal(x0.shape),tf.fill([1],s));const o=d.predict(den,{latents:x,sigma:s,conditioning:c2});console.log(s,o.x0.sub(x0).square().mean().dataSync()[0]);pics.push({data:d.patchesToPixels(o.x0)[0],label:`x0 ${s}`});}
  pics.push({data:renderScene(spec,{seed:0}),label:'truth'});
 }
 fs.writeFileSync('/tmp/s.png',await imageGrid(pics,{columns:4,scale:2}));
})();
