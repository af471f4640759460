{
  # One source, one addon for each instruction set; lib/tensor/native/cpu.cjs lists them and picks one at load time.
  "target_defaults": {
    "sources": ["<!@(node -p \"require('fs').readdirSync('lib/tensor/native/src').filter(f => f.endsWith('.cc')).sort().map(f => 'lib/tensor/native/src/' + f).join(' ')\")"],
    "defines": ["NAPI_VERSION=8"],
    "variables": {
      "t2g_flags": [
        "-O3",
        "-fvisibility=hidden",
        "-fno-math-errno",
        "-fno-trapping-math",
        "-fno-signed-zeros",
        "-ffp-contract=fast",
        "-Wall",
        "-Wno-psabi",
        "-Wno-ignored-attributes",
        "-Wno-unknown-warning-option",
        "-Wno-maybe-uninitialized"
      ]
    },
    "cflags!": ["-O2", "-fno-exceptions"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++17", "<@(t2g_flags)"],
    "xcode_settings": {
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "OTHER_CPLUSPLUSFLAGS": ["<@(t2g_flags)"]
    }
  },
  "conditions": [
    ["target_arch=='x64'", {
      "variables": {
        "avx2": ["-mavx2", "-mfma", "-mf16c", "-mbmi", "-mbmi2", "-mpopcnt"],
        "avx512": ["<@(avx2)", "-fassociative-math", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"]
      },
      "targets": [
        {
          "target_name": "t2g_native_avx512bf16",
          "defines": ["T2G_ISA=\"avx512bf16\""],
          "cflags_cc": ["<@(avx512)", "-mavx512bf16"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(avx512)", "-mavx512bf16"]}
        },
        {
          "target_name": "t2g_native_avx512",
          "defines": ["T2G_ISA=\"avx512\""],
          "cflags_cc": ["<@(avx512)"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(avx512)"]}
        },
        {
          "target_name": "t2g_native_avx2",
          "defines": ["T2G_ISA=\"avx2\""],
          "cflags_cc": ["<@(avx2)"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(avx2)"]}
        },
        {
          "target_name": "t2g_native_generic",
          "defines": ["T2G_ISA=\"generic\""],
          "cflags_cc": ["-msse4.2"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["-msse4.2"]}
        }
      ]
    }],
    ["target_arch=='arm64'", {
      "targets": [{"target_name": "t2g_native_neon", "defines": ["T2G_ISA=\"neon\""]}]
    }],
    ["target_arch!='x64' and target_arch!='arm64'", {
      "targets": [{"target_name": "t2g_native_generic", "defines": ["T2G_ISA=\"generic\""]}]
    }]
  ]
}
