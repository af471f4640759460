"""The benchmark's two models in plain PyTorch, with the parameter names of the Hugging Face folders.

Written for speed as a careful PyTorch user would: sdpa attention, rotary angles computed once, no Python loop but
the one over layers. `fill` gives both sides of the benchmark the same weights without a file.
"""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

THETA = 10000.0


def spread(count, key):
    """`count` numbers in [-0.5, 0.5) by integer arithmetic; scripts/bench/fill.ts has the same lines."""
    i = np.arange(count, dtype=np.int64)
    j = i % 65521
    return ((j * j % 65521 * 31 + i * 7 + key * 9973) % 65521 / 65521 - 0.5).astype(np.float32)


def fill(model):
    """Fixed weights by name, in the names' order, so that losses and gradients of the engines can be compared."""
    with torch.no_grad():
        for key, (name, p) in enumerate(sorted(model.named_parameters())):
            u = torch.from_numpy(spread(p.numel(), key)).view_as(p)
            norm = p.dim() == 1 and name.endswith(".weight")
            p.copy_(1 + 0.1 * u if norm else u * (0.15 if p.dim() == 2 else 0.1))
    return model


class Module(nn.Module):
    """Children by dict, for names such as `net.0.proj` that are no Python identifiers."""

    def __init__(self, **children):
        super().__init__()
        for name, child in children.items():
            self.add_module(name.lstrip("_"), child)


class LmBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        D, I, self.H, self.K = c["hidden"], c["inner"], c["heads"], c["kv"]
        kv = D // self.H * self.K
        self.input_layernorm, self.post_attention_layernorm = nn.RMSNorm(D, 1e-6), nn.RMSNorm(D, 1e-6)
        self.self_attn = Module(
            q_proj=nn.Linear(D, D), k_proj=nn.Linear(D, kv), v_proj=nn.Linear(D, kv), o_proj=nn.Linear(D, D, bias=False)
        )
        self.mlp = Module(
            gate_proj=nn.Linear(D, I, bias=False), up_proj=nn.Linear(D, I, bias=False), down_proj=nn.Linear(I, D, bias=False)
        )

    def forward(self, x, cos, sin):
        B, T, D = x.shape
        a, m, dh = self.self_attn, self.mlp, D // self.H
        h = self.input_layernorm(x)
        q = half_rotary(a.q_proj(h).view(B, T, self.H, dh).transpose(1, 2), cos, sin)
        k = half_rotary(a.k_proj(h).view(B, T, self.K, dh).transpose(1, 2), cos, sin)
        v = a.v_proj(h).view(B, T, self.K, dh).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v.to(q.dtype), is_causal=True, enable_gqa=self.H != self.K)
        x = x + a.o_proj(y.transpose(1, 2).reshape(B, T, D))
        h = self.post_attention_layernorm(x)
        return x + m.down_proj(F.silu(m.gate_proj(h)) * m.up_proj(h))


def half_rotary(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


class Lm(nn.Module):
    """Qwen2 with tied embeddings; `loss` is the mean over all tokens."""

    def __init__(self, c):
        super().__init__()
        D, dh = c["hidden"], c["hidden"] // c["heads"]
        self.model = Module(
            embed_tokens=nn.Embedding(c["vocab"], D),
            layers=nn.ModuleList(LmBlock(c) for _ in range(c["layers"])),
            norm=nn.RMSNorm(D, 1e-6),
        )
        angles = torch.arange(c["context"])[:, None] * THETA ** (-torch.arange(0, dh, 2) / dh)
        self.register_buffer("cos", angles.cos().repeat(1, 2), persistent=False)
        self.register_buffer("sin", angles.sin().repeat(1, 2), persistent=False)

    def hidden(self, ids):
        x, T = self.model.embed_tokens(ids), ids.shape[1]
        for layer in self.model.layers:
            x = layer(x, self.cos[:T], self.sin[:T])
        return self.model.norm(x)

    def forward(self, ids):
        return F.linear(self.hidden(ids), self.model.embed_tokens.weight)

    def loss(self, ids):
        return F.cross_entropy(self(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())


class DitBlock(nn.Module):
    def __init__(self, D, heads, last):
        super().__init__()
        self.H, self.last = heads, last
        linear = lambda: nn.Linear(D, D)
        norm = lambda: nn.RMSNorm(D // heads, 1e-6)
        self.attn = Module(
            to_q=linear(), to_k=linear(), to_v=linear(), to_out=nn.ModuleList([linear()]),
            add_q_proj=linear(), add_k_proj=linear(), add_v_proj=linear(), to_add_out=linear(),
            norm_q=norm(), norm_k=norm(), norm_added_q=norm(), norm_added_k=norm(),
        )  # fmt: skip
        mlp = lambda: Module(net=Module(_0=Module(proj=nn.Linear(D, 4 * D)), _2=nn.Linear(4 * D, D)))
        self.img_mod, self.txt_mod = Module(_1=nn.Linear(D, 6 * D)), Module(_1=nn.Linear(D, 6 * D))
        self.img_mlp, self.txt_mlp = mlp(), mlp()

    def forward(self, image, text, time, turn, mask):
        """The text that leaves the last block is never read, so no side computes it."""
        B, T, D = image.shape
        S, a = text.shape[1], self.attn
        i = self.img_mod.get_submodule("1")(time).unsqueeze(1).chunk(6, -1)
        t = self.txt_mod.get_submodule("1")(time).unsqueeze(1).chunk(6, -1)
        x, c = modulate(image, i[0], i[1]), modulate(text, t[0], t[1])
        heads = lambda y: y.view(B, -1, self.H, D // self.H)
        q = a.norm_q(heads(a.to_q(x)))
        k = torch.cat((a.norm_added_k(heads(a.add_k_proj(c))), a.norm_k(heads(a.to_k(x)))), 1)
        v = torch.cat((heads(a.add_v_proj(c)), heads(a.to_v(x))), 1).transpose(1, 2)
        if not self.last:
            q = torch.cat((a.norm_added_q(heads(a.add_q_proj(c))), q), 1)
        q, k = pair_rotary(q, turn[-q.shape[1] :]).transpose(1, 2), pair_rotary(k, turn).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v.to(q.dtype), attn_mask=mask).transpose(1, 2).flatten(2)
        image = image + i[2] * a.to_out[0](y[:, -T:])
        image = image + i[5] * feed_forward(self.img_mlp, modulate(image, i[3], i[4]))
        if not self.last:
            text = text + t[2] * a.to_add_out(y[:, :S])
            text = text + t[5] * feed_forward(self.txt_mlp, modulate(text, t[3], t[4]))
        return image, text


def modulate(x, shift, scale):
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift


def feed_forward(mlp, x):
    net = mlp.net
    return net.get_submodule("2")(F.gelu(net.get_submodule("0").proj(x), approximate="tanh"))


def pair_rotary(x, turn):
    """x [B, T, H, dh]; turn [T, 1, dh / 2, 2] has cosine and sine of each pair of neighbours."""
    a, b = x.unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = turn.unbind(-1)
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)


class Dit(nn.Module):
    """Qwen-Image's two-stream transformer, one square grid of image tokens."""

    def __init__(self, c):
        super().__init__()
        D, heads = c["hidden"], c["heads"]
        self.axes = c["axes"]
        self.img_in, self.txt_in = nn.Linear(c["channels"], D), nn.Linear(c["text_dim"], D)
        self.txt_norm = nn.RMSNorm(c["text_dim"], 1e-6)
        self.time_text_embed = Module(timestep_embedder=Module(linear_1=nn.Linear(256, D), linear_2=nn.Linear(D, D)))
        last = c["layers"] - 1
        self.transformer_blocks = nn.ModuleList(DitBlock(D, heads, i == last) for i in range(c["layers"]))
        self.norm_out = Module(linear=nn.Linear(D, 2 * D))
        self.proj_out = nn.Linear(D, c["out"])
        self.register_buffer("waves", 1000 * torch.exp(torch.arange(128) * (-np.log(10000) / 128)), persistent=False)

    def turns(self, T, S):
        """Cosines and sines for S text tokens, then a square of T image tokens counted from its centre."""
        side = round(T**0.5)
        middle = side - side // 2
        rows = [(side // 2 + n,) * 3 for n in range(S)]
        rows += [(0, y - middle, x - middle) for y in range(side) for x in range(side)]
        at = torch.tensor(rows, dtype=torch.float32)
        angles = [at[:, i, None] * THETA ** (-torch.arange(0, n, 2) / n) for i, n in enumerate(self.axes)]
        angles = torch.cat(angles, 1)
        return torch.stack((angles.cos(), angles.sin()), -1)[:, None]  # [S + T, 1, dh / 2, 2]

    def text(self, states):
        return self.txt_in(self.txt_norm(states))

    def forward(self, x, text, mask, sigma, turn):
        """x [B, T, C], text [B, S, D] from `text`, mask [B, 1, 1, S + T], sigma [B]."""
        angles = sigma[:, None] * self.waves
        e = self.time_text_embed.timestep_embedder
        time = F.silu(e.linear_2(F.silu(e.linear_1(torch.cat((angles.cos(), angles.sin()), -1)))))
        image = self.img_in(x)
        for block in self.transformer_blocks:
            image, text = block(image, text, time, turn, mask)
        scale, shift = self.norm_out.linear(time).unsqueeze(1).chunk(2, -1)
        return self.proj_out(modulate(image, shift, scale))

    def loss(self, x, states, mask, sigma, turn):
        return (self(x, self.text(states), mask, sigma, turn) - x).square().mean()
