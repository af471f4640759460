"""Opens a model folder with its Python classes and compares their numbers with those that a file holds.

Called by scripts/check-python.ts: open_checkpoint.py <model folder> <numbers.safetensors> <prompt>. Prints one JSON line a part.
The painter's class is diffusers' when that can be imported, else the PyTorch twin that the benchmarks use, which has
diffusers' parameter names and is loaded strictly.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).parents[1] / "bench" / "torch"))


def say(part, **facts):
    print(json.dumps({"part": part, **facts}), flush=True)


def error(found, wanted):
    """The largest difference, as a share of the largest number wanted."""
    return ((found - wanted).abs().max() / wanted.abs().max()).item()


def check_tokenizer(folder, prompt, numbers):
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    ids = tokenizer(prompt, return_tensors="pt").input_ids
    wanted = numbers["input_ids"].long()
    say("tokenizer", opened=type(tokenizer).__name__, equal=ids.shape == wanted.shape and bool((ids == wanted).all()))


def check_encoder(folder, numbers):
    from transformers import Qwen2ForCausalLM

    model, info = Qwen2ForCausalLM.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    with torch.inference_mode():
        out = model(numbers["input_ids"].long(), output_hidden_states=True)
    layer = json.loads((Path(folder) / "config.json").read_text()).get("conditioning_layer", -1)
    keys = {name: sorted(info[name]) for name in ("missing_keys", "unexpected_keys", "mismatched_keys")}
    say(
        "text_encoder",
        opened=type(model).__name__,
        **keys,
        logits_error=error(out.logits, numbers["logits"]),
        states_error=error(out.hidden_states[layer], numbers["states"]),
    )


def painter_of(folder, config, numbers):
    """(name of the class, output) of diffusers' class or of the twin."""
    x, states, sigma = numbers["patches"], numbers["states"], numbers["sigma"]
    try:
        from diffusers import QwenImageTransformer2DModel
    except ImportError:
        from models import Dit

        twin = Dit(
            dict(
                hidden=config["num_attention_heads"] * config["attention_head_dim"],
                heads=config["num_attention_heads"],
                axes=config["axes_dims_rope"],
                channels=config["in_channels"],
                text_dim=config["joint_attention_dim"],
                layers=config["num_layers"],
                out=config["patch_size"] ** 2 * config["out_channels"],
            )
        )
        weights = load_file(str(Path(folder) / "diffusion_pytorch_model.safetensors"))
        twin.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, strict=True)
        turn = twin.turns(x.shape[1], states.shape[1])
        return "PyTorch twin with diffusers' names (diffusers is not installed)", twin(
            x, twin.text(states), None, sigma, turn
        )
    model = QwenImageTransformer2DModel.from_pretrained(folder, torch_dtype=torch.float32)
    side = round(x.shape[1] ** 0.5)
    out = model(
        hidden_states=x,
        encoder_hidden_states=states,
        encoder_hidden_states_mask=torch.ones(states.shape[:2], dtype=torch.long),
        timestep=sigma,
        img_shapes=[[(1, side, side)]],
        txt_seq_lens=[states.shape[1]],
        return_dict=False,
    )[0]
    return type(model).__name__, out


def check_painter(folder, numbers):
    config = json.loads((Path(folder) / "config.json").read_text())
    with torch.inference_mode():
        opened, out = painter_of(folder, config, numbers)
    say("transformer", opened=opened, output_error=error(out, numbers["output"]))


def main():
    folder, file, prompt = sys.argv[1:]
    numbers = load_file(file)
    check_tokenizer(Path(folder) / "tokenizer", prompt, numbers)
    check_encoder(Path(folder) / "text_encoder", numbers)
    check_painter(Path(folder) / "transformer", numbers)


if __name__ == "__main__":
    main()
