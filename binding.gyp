{
  "targets": [
    {
      "target_name": "t2g_native",
      "sources": ["<!@(node -p \"require('fs').readdirSync('lib/tensor/native/src').filter(f => f.endsWith('.cc')).sort().map(f => 'lib/tensor/native/src/' + f).join(' ')\")"],
      "defines": ["NAPI_VERSION=8"],
      "cflags!": ["-O2", "-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": [
        "-std=c++17",
        "-O3",
        "-march=native",
        "-fno-math-errno",
        "-fno-trapping-math",
        "-fno-signed-zeros",
        "-fassociative-math",
        "-ffp-contract=fast",
        "-Wall",
        "-Wno-psabi",
        "-Wno-ignored-attributes",
        "-Wno-maybe-uninitialized"
      ],
      "conditions": [["target_arch=='x64' and OS!='win'", {"cflags_cc": ["-mprefer-vector-width=512"]}]],
      "xcode_settings": {
        "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "OTHER_CPLUSPLUSFLAGS": ["-O3", "-fno-math-errno", "-ffp-contract=fast"]
      }
    }
  ]
}
