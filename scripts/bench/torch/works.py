"""What PyTorch is timed on: each work is built from a request's sizes and returns (run, check).

`mode` is "fp32" or "bf16" (autocast in training, the faster of autocast and bf16 weights elsewhere), `compiled` puts
torch.compile over the forward pass and its loss. `check` says what was built, so that the two sides can be compared.
"""
import contextlib

import torch

from models import Dit, Lm, fill, spread


def numbers(shape, key):
    """Evenly spread numbers of standard deviation 1."""
    size = torch.Size(shape).numel()
    return torch.from_numpy(spread(size, key)).view(shape) * 12**0.5


def token_ids(shape, vocab, key):
    size = torch.Size(shape).numel()
    return ((torch.from_numpy(spread(size, key)).double() + 0.5) * vocab).long().clamp(max=vocab - 1).view(shape)


def text_mask(B, S):
    """Row b lacks its last b % (S / 4 + 1) text tokens."""
    lengths = S - torch.arange(B) % (S // 4 + 1)
    return torch.arange(S)[None] < lengths[:, None]


def count(model):
    return sum(p.numel() for p in model.parameters())


class Works:
    def __init__(self, mode, compiled):
        self.bf16, self.compiled = mode == "bf16", compiled

    def precision(self):
        return torch.autocast("cpu", torch.bfloat16) if self.bf16 else contextlib.nullcontext()

    def make(self, request):
        maker = getattr(self, request["kind"], None)
        if maker is None:
            raise ValueError(f"PyTorch has no work {request['kind']}")
        if self.compiled and not request["kind"].endswith("_train"):
            raise ValueError("only train steps are compiled")
        return maker(**request.get("sizes", {}))

    def gemm(self, m, k, n, transposeA=False):
        dtype = torch.bfloat16 if self.bf16 else torch.float32
        a = numbers((k, m) if transposeA else (m, k), 1).to(dtype)
        b = numbers((k, n), 2).to(dtype)
        return (lambda: a.T @ b) if transposeA else (lambda: a @ b), {}

    def train(self, model, loss):
        """One step: forward, backward, clip at norm 1, fused AdamW. The first step's loss and norm are the check."""
        optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
        if self.compiled:
            loss = torch.compile(loss)

        def run():
            optimiser.zero_grad(set_to_none=True)
            with self.precision():
                value = loss()
            value.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            return value, norm

        value, norm = run()
        return run, {"parameters": count(model), "loss": value.item(), "gradNorm": norm.item()}

    def lm_train(self, batch, tokens, config):
        model = fill(Lm(config))
        ids = token_ids((batch, tokens + 1), config["vocab"], 3)
        return self.train(model, lambda: model.loss(ids))

    def dit_inputs(self, model, batch, image, text, config):
        x, states = numbers((batch, image, config["channels"]), 4), numbers((batch, text, config["text_dim"]), 5)
        mask = torch.cat((text_mask(batch, text), torch.ones(batch, image, dtype=torch.bool)), 1)[:, None, None]
        return x, states, mask, model.turns(image, text)

    def dit_train(self, batch, image, text, config):
        model = fill(Dit(config))
        x, states, mask, turn = self.dit_inputs(model, batch, image, text, config)
        sigma = (torch.arange(batch) + 0.5) / batch
        return self.train(model, lambda: model.loss(x, states, mask, sigma, turn))

    def dit_sample(self, batch, image, text, steps, config):
        """Euler steps of a clean-sample prediction, without guidance; text states are projected once."""
        model = fill(Dit(config))
        noise, states, mask, turn = self.dit_inputs(model, batch, image, text, config)

        @torch.inference_mode()
        def run():
            with self.precision():
                x, projected = noise, model.text(states)
                for i in range(steps):
                    sigma, after = 1 - i / steps, 1 - (i + 1) / steps
                    x0 = model(x, projected, mask, torch.full((batch,), sigma), turn).float()
                    x = x0 if i + 1 == steps else x + (x - x0) * ((after - sigma) / sigma)
                return x

        return run, {"parameters": count(model), "mean": run().double().abs().mean().item()}

    def lm_decode(self, batch, prompt, new, config, samples=1):
        """transformers.generate with its key-value cache, greedy unless `samples` > 1; `new` tokens in every row."""
        try:
            from transformers import Qwen2Config, Qwen2ForCausalLM
        except ImportError as error:
            raise ValueError(f"transformers is missing (pip install transformers): {error}") from error
        model = Qwen2ForCausalLM(
            Qwen2Config(
                vocab_size=config["vocab"], hidden_size=config["hidden"], intermediate_size=config["inner"],
                num_hidden_layers=config["layers"], num_attention_heads=config["heads"],
                num_key_value_heads=config["kv"], max_position_embeddings=config["context"], tie_word_embeddings=True,
                rope_theta=10000.0, bos_token_id=None, eos_token_id=None, pad_token_id=0, attn_implementation="sdpa",
            )
        )  # fmt: skip
        fill(model)
        model.eval()
        if self.bf16:
            model.to(torch.bfloat16)  # whole-model bf16 decodes faster than autocast does
        ids = token_ids((batch, prompt), config["vocab"], 6)
        mask = torch.ones_like(ids)
        how = dict(do_sample=True, top_k=0, num_return_sequences=samples) if samples > 1 else dict(do_sample=False)

        @torch.inference_mode()
        def run():
            return model.generate(
                input_ids=ids, attention_mask=mask, use_cache=True, **how,
                min_new_tokens=new, max_new_tokens=new,
            )  # fmt: skip

        out = run()[:, prompt:]
        return run, {"parameters": count(model), "newTokens": out.numel(), "tokens": out.flatten()[:512].tolist()}

    def grpo(self, **sizes):
        from grpo import make

        return make(self, **sizes)
