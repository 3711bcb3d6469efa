// A WAN in user space, for kernels without netem: two TUN devices joined by a line with a constant
// one-way delay, random loss, and optionally a rate with a tail-drop queue.
//
//   delayline DEVICE_A DEVICE_B ONE_WAY_US LOSS_PPM RATE_MBIT QUEUE_BYTES     (RATE_MBIT 0 = no limit)
//
// Prints "ready" on stderr once the devices exist, and what it did when it is ended by a signal.
// Packets are neither reordered nor corrupted. The caller moves the devices into their namespaces.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

// Packets in flight each way: 2 s of 1500-byte packets at 1.5 Gbit/s.
#define MAX_IN_FLIGHT 262144u
#define MAX_PACKET 65536
// Packets read from one device before the other has its turn.
#define READ_BURST 64

struct packet {
  uint64_t due_ns;
  uint32_t length;
  uint8_t *bytes;
};

// One direction: packets wait in a ring in the order in which they are due.
struct line {
  struct packet *ring;
  uint32_t head, tail;
  uint64_t last_departure_ns;
  uint64_t received, delivered, lost, dropped;
};

struct settings {
  uint64_t delay_ns;
  uint32_t loss_threshold; // of 2^32
  double bytes_per_ns;     // 0 = no limit
  double queue_bytes;
};

static volatile sig_atomic_t is_ended;

static void on_signal(int number) {
  (void)number;
  is_ended = 1;
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

// xorshift64: the same losses in every run that sends the same packets.
static uint32_t next_random(void) {
  static uint64_t state = 88172645463325252ull;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 32);
}

static int open_tun(const char *name) {
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (fd < 0) {
    perror("/dev/net/tun");
    exit(1);
  }
  struct ifreq request = {0};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &request) < 0) {
    perror("TUNSETIFF");
    exit(1);
  }
  return fd;
}

// Writes what is due; gives the time at which the next packet is, or UINT64_MAX.
static uint64_t deliver(struct line *line, int fd) {
  uint64_t now = now_ns();
  while (line->head != line->tail) {
    struct packet *packet = &line->ring[line->head % MAX_IN_FLIGHT];
    if (packet->due_ns > now) return packet->due_ns;
    if (write(fd, packet->bytes, packet->length) >= 0) line->delivered++;
    free(packet->bytes);
    line->head++;
  }
  return UINT64_MAX;
}

static void enqueue(struct line *line, const struct settings *settings, const uint8_t *bytes,
                    uint32_t length) {
  line->received++;
  if (settings->loss_threshold && next_random() < settings->loss_threshold) {
    line->lost++;
    return;
  }
  uint64_t departure = now_ns();
  if (settings->bytes_per_ns > 0) {
    uint64_t waiting_ns =
        line->last_departure_ns > departure ? line->last_departure_ns - departure : 0;
    if ((double)waiting_ns * settings->bytes_per_ns + length > settings->queue_bytes) {
      line->dropped++;
      return;
    }
    departure += waiting_ns + (uint64_t)(length / settings->bytes_per_ns);
    line->last_departure_ns = departure;
  }
  uint8_t *copy = line->tail - line->head < MAX_IN_FLIGHT ? malloc(length) : NULL;
  if (!copy) {
    line->dropped++;
    return;
  }
  memcpy(copy, bytes, length);
  struct packet *packet = &line->ring[line->tail++ % MAX_IN_FLIGHT];
  packet->due_ns = departure + settings->delay_ns;
  packet->length = length;
  packet->bytes = copy;
}

static void receive(struct line *line, const struct settings *settings, int fd) {
  static uint8_t buffer[MAX_PACKET];
  for (int i = 0; i < READ_BURST; i++) {
    ssize_t length = read(fd, buffer, sizeof buffer);
    if (length <= 0) return;
    enqueue(line, settings, buffer, (uint32_t)length);
  }
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "delayline DEVICE_A DEVICE_B ONE_WAY_US LOSS_PPM RATE_MBIT QUEUE_BYTES\n");
    return 2;
  }
  struct settings settings = {
      .delay_ns = strtoull(argv[3], NULL, 10) * 1000,
      .loss_threshold = (uint32_t)(4294967295.0 * atof(argv[4]) / 1e6),
      .bytes_per_ns = atof(argv[5]) * 1e6 / 8 / 1e9,
      .queue_bytes = atof(argv[6]),
  };
  int fds[2] = {open_tun(argv[1]), open_tun(argv[2])};
  // lines[0] leads from device A to device B.
  struct line lines[2] = {{0}};
  for (int i = 0; i < 2; i++) {
    lines[i].ring = calloc(MAX_IN_FLIGHT, sizeof(struct packet));
    if (!lines[i].ring) {
      perror("calloc");
      return 1;
    }
  }
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  fprintf(stderr, "ready\n");

  while (!is_ended) {
    uint64_t next = UINT64_MAX;
    for (int i = 0; i < 2; i++) {
      uint64_t due = deliver(&lines[i], fds[1 - i]);
      if (due < next) next = due;
    }
    struct timespec wait = {0};
    uint64_t now = now_ns();
    if (next != UINT64_MAX && next > now) {
      wait.tv_sec = (time_t)((next - now) / 1000000000ull);
      wait.tv_nsec = (long)((next - now) % 1000000000ull);
    }
    struct pollfd polled[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
    if (ppoll(polled, 2, next == UINT64_MAX ? NULL : &wait, NULL) <= 0) continue;
    for (int i = 0; i < 2; i++) {
      if (polled[i].revents & POLLIN) receive(&lines[i], &settings, fds[i]);
    }
  }
  for (int i = 0; i < 2; i++) {
    fprintf(stderr, "%s->%s received %lu delivered %lu lost %lu dropped %lu\n", argv[1 + i],
            argv[2 - i], lines[i].received, lines[i].delivered, lines[i].lost, lines[i].dropped);
  }
  return 0;
}
