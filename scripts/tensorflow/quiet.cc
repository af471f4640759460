// TensorFlow writes to stderr from static initialisers, before any setting of its log level is read. This addon
// points stderr elsewhere for that moment: mute() and restore(), both without arguments.
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <cstdio>

namespace {

int saved = -1;

napi_value mute(napi_env, napi_callback_info) {
  if (saved >= 0) return nullptr;
  std::fflush(stderr);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return nullptr;
  saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (saved >= 0) dup2(nowhere, STDERR_FILENO);
  close(nowhere);
  return nullptr;
}

napi_value restore(napi_env, napi_callback_info) {
  if (saved < 0) return nullptr;
  std::fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  saved = -1;
  return nullptr;
}

napi_value init(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "mute", NAPI_AUTO_LENGTH, mute, nullptr, &function);
  napi_set_named_property(env, exports, "mute", function);
  napi_create_function(env, "restore", NAPI_AUTO_LENGTH, restore, nullptr, &function);
  napi_set_named_property(env, exports, "restore", function);
  return exports;
}

}  // namespace

NAPI_MODULE(quiet, init)
