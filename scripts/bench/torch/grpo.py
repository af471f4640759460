"""One Dual-GRPO iteration's worth of PyTorch work, after the counts of an iteration that the library ran.

The same prompts, lengths, pictures, replays and updates in the same batches: decode (transformers.generate), encode,
guided sampling, replay of the old policy, LLM update, LoRA update of the painter. The judge's scores and all
bookkeeping are left out, which favours PyTorch. Weights are fixed numbers: only the time means anything.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

from models import Dit, Lm, fill

LM = dict(hidden=256, inner=704, heads=4, kv=2, layers=4, vocab=2048, context=128)
DIT = dict(hidden=256, heads=4, layers=6, channels=208, out=192, text_dim=256, axes=[16, 24, 24])
TOKENS, RANK, ALPHA = 64, 16, 32


class LoraLinear(nn.Module):
    """A frozen linear layer with its adapter beside it (PEFT's way: no gradient for the whole weight)."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        self.a = nn.Parameter(torch.randn(RANK, base.in_features) * 0.02)
        self.b = nn.Parameter(torch.zeros(base.out_features, RANK))
        self.adapt = False

    def forward(self, x):
        y = self.base(x)
        return y + F.linear(F.linear(x, self.a), self.b) * (ALPHA / RANK) if self.adapt else y


def with_lora(model):
    for p in model.parameters():
        p.requires_grad_(False)
    adapters = []
    for block in model.transformer_blocks:
        for part in (block.attn, block.img_mlp, block.txt_mlp):
            for parent in list(part.modules()):
                for name, child in list(parent.named_children()):
                    if isinstance(child, nn.Linear):
                        adapters.append(LoraLinear(child))
                        setattr(parent, name, adapters[-1])
    return adapters


def make(works, recipe=None, **_):
    if recipe is None:
        raise ValueError("no native iteration to take the counts from")
    prompts, thoughts, K = recipe["prompts"], recipe["thoughts"], recipe["K"]
    J = len(prompts[0]["responses"])
    lm, dit = fill(Lm(LM)), fill(Dit(DIT))
    adapters = with_lora(dit)
    lora = [p for layer in adapters for p in (layer.a, layer.b)]
    lm_optimiser = torch.optim.AdamW(lm.parameters(), lr=0.0, fused=True)
    dit_optimiser = torch.optim.AdamW(lora, lr=0.0, fused=True)
    longest = max(n for p in prompts for n in p["responses"])
    decode, _ = works.lm_decode(
        batch=len(prompts), prompt=max(p["length"] for p in prompts), new=longest, config=LM, samples=J
    )
    turns = {t["text"]: dit.turns(TOKENS, t["text"]) for t in thoughts}

    def states(rows, length):
        ids = torch.randint(0, LM["vocab"], (rows, length))
        return ids, lm.hidden(ids)

    def log_probs(p, entropy=False):
        """[J, R]: the head runs at response positions only."""
        R = max(p["responses"])
        _, h = states(J, p["length"] + R - 1)
        logits = F.linear(h[:, -R:], lm.model.embed_tokens.weight).float()
        log_p = logits.log_softmax(-1)
        chosen = torch.zeros(J, R, 1, dtype=torch.long)
        if entropy:
            (log_p.exp() * log_p).sum(-1)
        return log_p.gather(-1, chosen).squeeze(-1)

    def velocity(x, text, S, sigma):
        mask = torch.ones(2 * K, 1, 1, S + TOKENS, dtype=torch.bool)
        x0 = dit(torch.cat((x, x)), text, mask, torch.full((2 * K,), sigma), turns[S]).float()
        positive, negative = x0.chunk(2)
        guided = negative + 3 * (positive - negative)
        return (x[..., : DIT["out"]] - guided) / sigma

    def adapt(on):
        for layer in adapters:
            layer.adapt = on

    def rollout():
        with torch.inference_mode(), works.precision():
            kept = []
            for t in thoughts:
                S = t["text"]
                pair = [states(1, S + 4)[1][:, -S:].expand(K, -1, -1) for _ in range(2)]
                text = dit.text(torch.cat(pair).float())
                x = torch.randn(K, TOKENS, DIT["channels"])
                for i in range(recipe["steps"]):
                    v = velocity(x, text, S, 1 - i / recipe["steps"])
                    x = torch.cat((x[..., : DIT["out"]] - v / recipe["steps"], x[..., DIT["out"] :]), -1)
                kept.append(torch.cat(pair).float())
        return [c.clone() for c in kept]

    def update_lm():
        with torch.no_grad(), works.precision():
            old = [log_probs(p, entropy=True) for p in prompts]
        lm_optimiser.zero_grad(set_to_none=True)
        for p, o in zip(prompts, old):
            if not p["live"]:
                continue
            with works.precision():
                ratio = (log_probs(p) - o).exp()
                loss = -torch.minimum(ratio, ratio.clamp(0.8, 1.2)).mean()
            loss.backward()
        nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
        lm_optimiser.step()

    def update_dit(kept):
        adapt(True)
        dit_optimiser.zero_grad(set_to_none=True)
        x = torch.randn(K, TOKENS, DIT["channels"])
        for t, c in zip(thoughts, kept):
            if not t["live"]:
                continue
            for i in range(recipe["window"]):
                with works.precision():
                    v = velocity(x, dit.text(c), t["text"], 0.9 - 0.1 * i)
                loss = v.square().mean((1, 2)).exp().clamp(0, 1).mean()
                loss.backward()
        nn.utils.clip_grad_norm_(lora, 1.0)
        dit_optimiser.step()
        adapt(False)

    def run():
        decode()
        kept = rollout()
        update_lm()
        update_dit(kept)

    run()
    return run, {}
