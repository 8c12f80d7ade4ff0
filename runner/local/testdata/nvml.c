/* Stands in for the NVIDIA driver's library in tests: two GPUs of 1000 bytes. Who
   holds what is in the file FAKE_NVML, a line "GPU PID BYTES" each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory { unsigned long long total, free, used; };
struct process { unsigned int pid; unsigned long long used; unsigned int gpu_instance, compute_instance; };

static int each(long gpu, struct process *out, unsigned int room, unsigned long long *sum) {
  unsigned int n = 0;
  long g, pid;
  unsigned long long bytes;
  FILE *f = fopen(getenv("FAKE_NVML"), "r");
  if (!f) return 0;
  while (fscanf(f, "%ld %ld %llu", &g, &pid, &bytes) == 3) {
    if (g != gpu) continue;
    *sum += bytes;
    if (n < room) out[n] = (struct process){(unsigned int)pid, bytes, ~0u, ~0u};
    n++;
  }
  fclose(f);
  return (int)n;
}

int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned int *n) { *n = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int i, void **h) { *h = (void *)(long)(i + 1); return i < 2 ? 0 : 2; }
int nvmlDeviceGetName(void *h, char *s, unsigned int n) { snprintf(s, n, "Stand-in %ld", (long)h - 1); return 0; }
int nvmlDeviceGetUUID(void *h, char *s, unsigned int n) { snprintf(s, n, "GPU-%ld", (long)h - 1); return 0; }
int nvmlDeviceGetMemoryInfo(void *h, struct memory *m) {
  unsigned long long sum = 0;
  each((long)h - 1, NULL, 0, &sum);
  *m = (struct memory){1000, 1000 - sum, sum};
  return 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *h, unsigned int *n, struct process *out) {
  unsigned long long sum = 0;
  unsigned int room = *n;
  *n = (unsigned int)each((long)h - 1, out, room, &sum);
  return *n > room ? 7 : 0;
}
int nvmlSystemGetDriverVersion(char *s, unsigned int n) { snprintf(s, n, "580.0"); return 0; }
const char *nvmlErrorString(int code) { return "an error"; }
