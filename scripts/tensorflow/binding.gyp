# Builds tfjs-node's binding (its own sources, copied here by setup-tensorflow.cjs) against a TensorFlow wheel, and
# `quiet`, which hides what TensorFlow prints while it loads. `tensorflow_dir`, the wheel's folder, and
# `tensorflow_rpath`, the same seen from the built binding, come on the command line.
{
  'variables': { 'tensorflow_dir%': '', 'tensorflow_rpath%': '' },
  'target_defaults': { 'defines': ['NAPI_VERSION=8'], 'cflags': ['-Wno-deprecated-declarations'] },
  'targets': [
    {
      'target_name': 'tfjs_binding',
      'sources': ['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'],
      'include_dirs': ['<(tensorflow_dir)/include'],
      'conditions': [
        ['OS=="linux"', {
          # The last argument is for gyp: make sees $$ as $.
          'ldflags': ["-Wl,-rpath,'$$ORIGIN/<(tensorflow_rpath)'"],
          'libraries': ['<(tensorflow_dir)/libtensorflow_cc.so.2', '<(tensorflow_dir)/libtensorflow_framework.so.2'],
        }],
        ['OS=="mac"', {
          'libraries': ['<(tensorflow_dir)/libtensorflow_cc.2.dylib', '<(tensorflow_dir)/libtensorflow_framework.2.dylib'],
          'xcode_settings': {
            'MACOSX_DEPLOYMENT_TARGET': '12.0',
            'OTHER_LDFLAGS': ['-Wl,-rpath,@loader_path/<(tensorflow_rpath)'],
          },
        }],
      ],
    },
    { 'target_name': 'quiet', 'sources': ['quiet.cc'] },
  ],
}
