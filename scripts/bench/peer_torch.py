"""PyTorch peer of the benchmark: the same two models at the same sizes, eager, sdpa attention, AdamW.

Reads one JSON request a line on stdin ({"work": ..., "steps": n}) and answers with {"ms": median} on stdout,
so that the benchmark can interleave it with the other engines. Never part of the product.
"""
import json
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
D, HEADS, KV, DH, LAYERS_LM, LAYERS_DIT, INNER, VOCAB = 256, 4, 2, 64, 4, 6, 704, 2048


def rope(x, cos, sin):  # x [B, H, T, dh]
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


class LmBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.n2 = nn.RMSNorm(D, eps=1e-6), nn.RMSNorm(D, eps=1e-6)
        self.q, self.k, self.v = nn.Linear(D, D), nn.Linear(D, KV * DH), nn.Linear(D, KV * DH)
        self.o = nn.Linear(D, D, bias=False)
        self.gate, self.up = nn.Linear(D, INNER, bias=False), nn.Linear(D, INNER, bias=False)
        self.down = nn.Linear(INNER, D, bias=False)

    def forward(self, x, cos, sin):
        B, T, _ = x.shape
        h = self.n1(x)
        q = rope(self.q(h).view(B, T, HEADS, DH).transpose(1, 2), cos, sin)
        k = rope(self.k(h).view(B, T, KV, DH).transpose(1, 2), cos, sin)
        v = self.v(h).view(B, T, KV, DH).transpose(1, 2)
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        x = x + self.o(a.transpose(1, 2).reshape(B, T, D))
        h = self.n2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Lm(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(VOCAB, D)
        self.blocks = nn.ModuleList(LmBlock() for _ in range(LAYERS_LM))
        self.n = nn.RMSNorm(D, eps=1e-6)

    def forward(self, ids):
        T = ids.shape[1]
        f = torch.arange(T)[:, None] * 10000 ** (-torch.arange(0, DH, 2) / DH)
        cos, sin = f.cos().repeat(1, 2), f.sin().repeat(1, 2)
        x = self.e(ids)
        for b in self.blocks:
            x = b(x, cos, sin)
        return self.n(x) @ self.e.weight.T


class DitBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.mod = nn.ModuleList(nn.Linear(D, 6 * D) for _ in range(2))
        self.qkv = nn.ModuleList(nn.ModuleList(nn.Linear(D, D) for _ in range(3)) for _ in range(2))
        self.out = nn.ModuleList(nn.Linear(D, D) for _ in range(2))
        self.up = nn.ModuleList(nn.Linear(D, 4 * D) for _ in range(2))
        self.down = nn.ModuleList(nn.Linear(4 * D, D) for _ in range(2))
        self.nq = nn.ModuleList(nn.RMSNorm(DH, eps=1e-6) for _ in range(2))
        self.nk = nn.ModuleList(nn.RMSNorm(DH, eps=1e-6) for _ in range(2))

    def forward(self, streams, t, cos, sin, mask):
        mods = [m(F.silu(t)).unsqueeze(1).chunk(6, -1) for m in self.mod]
        q, k, v = [], [], []
        for i, x in enumerate(streams):
            B, T, _ = x.shape
            h = F.layer_norm(x, (D,), eps=1e-6) * (1 + mods[i][1]) + mods[i][0]
            q.append(self.nq[i](self.qkv[i][0](h).view(B, T, HEADS, DH)))
            k.append(self.nk[i](self.qkv[i][1](h).view(B, T, HEADS, DH)))
            v.append(self.qkv[i][2](h).view(B, T, HEADS, DH))
        q, k, v = (torch.cat(y, 1).transpose(1, 2) for y in (q, k, v))
        a = F.scaled_dot_product_attention(rope(q, cos, sin), rope(k, cos, sin), v, attn_mask=mask)
        a = a.transpose(1, 2).flatten(2)
        S = streams[0].shape[1]
        result = []
        for i, (x, y) in enumerate(zip(streams, (a[:, :S], a[:, S:]))):
            x = x + mods[i][2] * self.out[i](y)
            h = F.layer_norm(x, (D,), eps=1e-6) * (1 + mods[i][4]) + mods[i][3]
            result.append(x + mods[i][5] * self.down[i](F.gelu(self.up[i](h), approximate="tanh")))
        return result


class Dit(nn.Module):
    def __init__(self):
        super().__init__()
        self.img_in, self.txt_in, self.txt_norm = nn.Linear(192, D), nn.Linear(D, D), nn.RMSNorm(D, eps=1e-6)
        self.t1, self.t2 = nn.Linear(256, D), nn.Linear(D, D)
        self.blocks = nn.ModuleList(DitBlock() for _ in range(LAYERS_DIT))
        self.norm_out, self.proj = nn.Linear(D, 2 * D), nn.Linear(D, 192)

    def forward(self, x, txt, mask, t):
        T = x.shape[1] + txt.shape[1]
        f = torch.arange(T)[:, None] * 10000 ** (-torch.arange(0, DH, 2) / DH)
        cos, sin = f.cos().repeat(1, 2), f.sin().repeat(1, 2)
        a = t[:, None] * 1000 * torch.exp(-torch.arange(128) / 128 * 9.21)
        t = self.t2(F.silu(self.t1(torch.cat((a.cos(), a.sin()), -1))))
        s = [self.txt_in(self.txt_norm(txt)), self.img_in(x)]
        joint = torch.cat((mask, torch.ones(x.shape[:2], dtype=torch.bool)), 1)[:, None, None]
        for b in self.blocks:
            s = b(s, t, cos, sin, joint)
        scale, shift = self.norm_out(F.silu(t)).unsqueeze(1).chunk(2, -1)
        return self.proj(F.layer_norm(s[1], (D,), eps=1e-6) * (1 + scale) + shift)


def train_step(model, loss):
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.99), weight_decay=0.01)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    return step


def make(work):
    torch.manual_seed(0)
    if work == "gemm":
        a, b = torch.randn(2048, 1024), torch.randn(1024, 1024)
        return lambda: a @ b
    if work == "lm_train":
        m, ids = Lm(), torch.randint(0, VOCAB, (32, 97))
        return train_step(m, lambda: F.cross_entropy(m(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten()))
    m, x, txt, t = Dit(), torch.randn(32, 64, 192), torch.randn(32, 24, D), torch.rand(32)
    mask = torch.ones(32, 24, dtype=torch.bool)
    if work == "dit_train":
        return train_step(m, lambda: (m(x, txt, mask, t) - x).square().mean())
    if work == "dit_sample":

        @torch.no_grad()
        def sample():
            y = x
            for i in range(10):
                y = y - 0.1 * m(y, txt, mask, t)

        return sample
    raise SystemExit(f"unknown work {work}")


ready = {}
print(json.dumps({"engine": f"torch {torch.__version__}", "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    step = ready.get(request["work"])
    if step is None:
        step = ready[request["work"]] = make(request["work"])
        step()
    times = []
    for _ in range(request["steps"]):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"ms": statistics.median(times)}), flush=True)
