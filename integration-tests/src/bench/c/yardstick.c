/*
 * A yardstick for the packet path: the system calls that a tunnel needs and one cipher, with as little as possible
 * around them. No part of the product; built and run by "integration-tests/bench yardstick".
 *
 *   yardstick server -k KEYFILE -d TUN -p PORT        [-u PAUSE_US] [-b READS] [-m]
 *   yardstick client -k KEYFILE -d TUN -p PORT -r HOST [-u PAUSE_US] [-b READS] [-m] [-a LOCAL_HOST:LOCAL_PORT] [-i PEER_ID]
 *
 * It creates the TUN device, says "ready", and works until SIGTERM, when it prints how large its batches were. Addresses
 * and the MTU are set by whoever starts it (an MTU of 1440 keeps the outer packet at 1492 bytes). With -a and -i a client
 * goes on, at a real server, where another program has logged in and left it its keys, its port and its peer-id. The
 * cipher is libcrypto's, or with -m that of libIPSec_MB.so.2 or .so.1, one of which must be there.
 *
 * What is on the wire: OpenVPN's P_DATA_V2 with AES-256-GCM between two that know each other's keys; no handshake, no
 * renewal of keys.
 *
 *   | opcode 9 in 5 bits, key-id 0 in 3 | peer-id in 24 | packet-id in 32 | tag 128 | text |
 *
 *   peer-id    0 unless -i says otherwise; not looked at by who receives
 *   packet-id  from 1 on, one more for every packet of a direction; big endian like everything here
 *   AAD        the first 8 bytes
 *   nonce      packet-id (4 bytes), implicit IV (8 bytes)
 *   text       an IP packet, or OpenVPN's ping (16 bytes), which the client sends when it starts and every second in
 *              which nothing happens, so that the server knows where it is; the server answers to where the newest
 *              authentic packet came from
 *   KEYFILE    256 bytes in hexadecimal digits, white space ignored. Client to server: [0,128), server to client:
 *              [128,256). In each half the cipher key is the first 32 bytes, the implicit IV the 8 bytes at 64.
 *
 * One thread, epoll over the TUN and one UDP socket. TUN with virtio_net_hdr, checksum, TSO and USO offload: a
 * super-packet is split, its segments are sealed into one buffer, packets of one size form a run, runs leave by one
 * sendmmsg with UDP_SEGMENT. recvmmsg with UDP_GRO, opened in place, packets of one TCP flow joined and written by
 * writev from where they lie. While hot (more than 15 packets in the last millisecond, fewer than 40 in this round) it
 * pauses for 50 us before it looks again, which makes batches larger; -u 0 leaves that out.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define HEADER 8
#define TAG 16
#define OVERHEAD (HEADER + TAG)
#define VNET 10
#define MAX_PACKET 65535
#define SLOTS 16                   /* of recvmmsg */
#define SLOT_BYTES (MAX_PACKET + 65)
#define RUNS 64                    /* of sendmmsg */
#define RUN_BYTES 65000
#define RUN_PACKETS 64
#define PLAIN_READS 64             /* packets that are no super-packets, per wake-up */
#define SLAB (1024 * 1024)
#define SPLIT_ROOM (256 * 1024)    /* what a super-packet of tiny segments may grow to */
#define JOINED 120                 /* payloads of a join */
#define SOCKET_BUFFER (4 * 1024 * 1024)
#define HOT_PER_MS 15
#define FULL_ROUND 40
#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_CWR 0x80

static const uint8_t PING[16] = {0x2a, 0x18, 0x7b, 0xf3, 0x64, 0x1e, 0xb4, 0xcb, 0x07, 0xed, 0x2d, 0x0a, 0x98, 0x1f, 0xc7, 0x48};

static int tun, sock;
static int server;
static struct sockaddr_storage peer;
static socklen_t peer_len; /* 0: not known */
static volatile sig_atomic_t over;

static EVP_CIPHER_CTX *seal_ctx, *open_ctx;

/* Of libIPSec_MB: struct gcm_key_data and struct gcm_context_data, and its functions for this processor. */
static uint8_t seal_key[2048] __attribute__((aligned(64))), open_key[2048] __attribute__((aligned(64))), mb_context[128];
typedef void mb_crypt(const void *, void *, uint8_t *, const uint8_t *, uint64_t, const uint8_t *, const uint8_t *, uint64_t,
                      uint8_t *, uint64_t);
static mb_crypt *mb_encrypt, *mb_decrypt; /* NULL: libcrypto's */
static uint8_t seal_iv[12], open_iv[12];
static uint32_t first_word = 0x48000000, last_sent, newest;
static uint64_t window; /* bit n: newest - n was seen */

static uint8_t *slab, *slab_at;
static struct run {
    uint8_t *start;
    size_t length;
    size_t segment;
    int packets, closed;
} runs[RUNS];
static int run_count;

static uint64_t n_reads, n_read_packets, n_sends, n_sent, n_receives, n_received, n_writes, n_written, n_pauses, n_bad,
    n_lost;
static int round_packets;

static void fail(const char *what) {
    fprintf(stderr, "yardstick: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void reject(const char *what) {
    fprintf(stderr, "yardstick: %s\n", what);
    exit(1);
}

/* ---- bytes and checksums ---- */

static uint16_t get16(const uint8_t *p) {
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put16(uint8_t *p, unsigned v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v) {
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

/* The Internet checksum's sum, in the machine's byte order, not folded. */
static uint64_t sum(const uint8_t *p, size_t n, uint64_t start) {
    uint64_t s = start;
    while (n >= 4) {
        uint32_t w;
        memcpy(&w, p, 4);
        s += w;
        p += 4;
        n -= 4;
    }
    if (n > 0) {
        uint8_t last[4] = {0};
        uint32_t w;
        memcpy(last, p, n);
        memcpy(&w, last, 4);
        s += w;
    }
    return s;
}

static uint16_t fold(uint64_t s) {
    s = (s & 0xffffffff) + (s >> 32);
    s = (s & 0xffffffff) + (s >> 32);
    s = (s & 0xffff) + (s >> 16);
    s = (s & 0xffff) + (s >> 16);
    return (uint16_t)s;
}

static void put_sum(uint8_t *p, uint16_t folded) {
    memcpy(p, &folded, 2);
}

/* The pseudo-header's sum for the transport part of a packet. */
static uint64_t pseudo(const uint8_t *ip, int protocol, size_t length) {
    uint8_t tail[4] = {0, (uint8_t)protocol, (uint8_t)(length >> 8), (uint8_t)length};
    uint64_t s = sum(tail, 4, 0);
    return ip[0] >> 4 == 4 ? sum(ip + 12, 8, s) : sum(ip + 8, 32, s);
}

static void ipv4_checksum(uint8_t *ip) {
    put16(ip + 10, 0);
    put_sum(ip + 10, (uint16_t)~fold(sum(ip, (size_t)(ip[0] & 15) * 4, 0)));
}

/* ---- sending ---- */

static void flush_runs(void) {
    static struct mmsghdr messages[RUNS];
    static struct iovec vectors[RUNS];
    static union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr align;
    } controls[RUNS];
    if (run_count == 0)
        return;
    for (int i = 0; i < run_count; i++) {
        struct msghdr *m = &messages[i].msg_hdr;
        memset(m, 0, sizeof *m);
        vectors[i].iov_base = runs[i].start;
        vectors[i].iov_len = runs[i].length;
        m->msg_iov = &vectors[i];
        m->msg_iovlen = 1;
        m->msg_name = &peer;
        m->msg_namelen = peer_len;
        if (runs[i].packets > 1) {
            m->msg_control = controls[i].bytes;
            m->msg_controllen = sizeof controls[i].bytes;
            struct cmsghdr *c = CMSG_FIRSTHDR(m);
            c->cmsg_level = IPPROTO_UDP;
            c->cmsg_type = UDP_SEGMENT;
            c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
            uint16_t segment = (uint16_t)runs[i].segment;
            memcpy(CMSG_DATA(c), &segment, 2);
        }
        n_sent += (uint64_t)runs[i].packets;
    }
    for (int from = 0; peer_len > 0 && from < run_count && !over;) {
        int sent = sendmmsg(sock, messages + from, (unsigned)(run_count - from), 0);
        n_sends++;
        if (sent > 0) {
            from += sent;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = sock, .events = POLLOUT};
            poll(&wait, 1, 1000);
        } else if (errno == EIO || errno == EINVAL || errno == EMSGSIZE) {
            fail("sendmmsg");
        } else if (errno != EINTR) {
            n_lost++; /* the peer is not there: as if lost on its way */
            from++;
        }
    }
    run_count = 0;
    slab_at = slab;
}

/* Seals a text into the slab and adds it to a run. */
static void seal(const uint8_t *text, int length) {
    uint8_t *out = slab_at;
    int n;
    put32(out, first_word);
    put32(out + 4, ++last_sent);
    memcpy(seal_iv, out + 4, 4);
    if (mb_encrypt != NULL)
        mb_encrypt(seal_key, mb_context, out + OVERHEAD, text, (uint64_t)length, seal_iv, out, HEADER, out + HEADER, TAG);
    else if (EVP_EncryptInit_ex(seal_ctx, NULL, NULL, NULL, seal_iv) != 1 || EVP_EncryptUpdate(seal_ctx, NULL, &n, out, HEADER) != 1
        || EVP_EncryptUpdate(seal_ctx, out + OVERHEAD, &n, text, length) != 1
        || EVP_EncryptFinal_ex(seal_ctx, out + OVERHEAD + n, &n) != 1
        || EVP_CIPHER_CTX_ctrl(seal_ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out + HEADER) != 1)
        reject("cannot seal");
    size_t size = (size_t)length + OVERHEAD;
    slab_at += size;
    round_packets++;
    struct run *r = run_count > 0 ? &runs[run_count - 1] : NULL;
    if (r != NULL && !r->closed && size <= r->segment && r->packets < RUN_PACKETS && r->length + size <= RUN_BYTES) {
        r->length += size;
        r->packets++;
        r->closed = size < r->segment;
        return;
    }
    if (run_count == RUNS) {
        /* The packet moves to the front of the slab, behind which all is sent. */
        flush_runs();
        memmove(slab, out, size);
        out = slab;
        slab_at = slab + size;
    }
    runs[run_count++] = (struct run){.start = out, .length = size, .segment = size, .packets = 1};
}

/* ---- from the TUN: splitting ---- */

static void split(uint8_t *ip, int length, const struct virtio_net_hdr *v) {
    uint8_t header[256];
    int transport = v->csum_start, udp = (v->gso_type & 0x7f) == VIRTIO_NET_HDR_GSO_UDP_L4;
    int step = v->gso_size, ipv4 = ip[0] >> 4 == 4;
    if (transport + 20 > length || step == 0)
        return;
    /* hdr_len is what lies in the first fragment of the kernel's buffer: not always the headers alone. */
    int header_length = transport + (udp ? 8 : (ip[transport + 12] >> 4) * 4);
    if (header_length > length || header_length > (int)sizeof header)
        return;
    memcpy(header, ip, (size_t)header_length);
    int id = get16(ip + 4), payload = length - header_length;
    uint8_t *text = ip + header_length;
    for (int at = 0, k = 0; at < payload; at += step, k++) {
        int part = payload - at < step ? payload - at : step, last = at + part == payload;
        /* Over the end of the previous payload, which is sealed elsewhere by now. */
        uint8_t *h = text + at - header_length;
        memcpy(h, header, (size_t)header_length);
        if (ipv4) {
            put16(h + 2, (unsigned)(header_length + part));
            put16(h + 4, (unsigned)(id + k) & 0xffff);
            ipv4_checksum(h);
        } else {
            put16(h + 4, (unsigned)(header_length - 40 + part));
        }
        uint8_t *t = h + transport, *checksum = t + (udp ? 6 : 16);
        size_t covered = (size_t)(header_length - transport + part);
        if (udp) {
            put16(t + 4, (unsigned)covered);
        } else {
            put32(t + 4, get32(header + transport + 4) + (uint32_t)at);
            if (!last)
                t[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
            if (k > 0)
                t[13] &= (uint8_t)~TCP_CWR;
        }
        put16(checksum, 0);
        uint16_t c = (uint16_t)~fold(sum(t, covered, pseudo(h, udp ? 17 : 6, covered)));
        put_sum(checksum, udp && c == 0 ? 0xffff : c);
        seal(h, header_length + part);
    }
}

static void from_tun(uint8_t *buffer, int reads) {
    int plain = 0;
    while (reads > 0 && plain < PLAIN_READS) {
        ssize_t n = read(tun, buffer, VNET + MAX_PACKET);
        if (n < VNET + 20)
            break;
        n_reads++;
        struct virtio_net_hdr v;
        memcpy(&v, buffer, VNET);
        uint8_t *ip = buffer + VNET;
        int length = (int)n - VNET;
        uint64_t before = last_sent;
        if (v.gso_type == VIRTIO_NET_HDR_GSO_NONE) {
            plain++;
            if (v.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && v.csum_start + v.csum_offset + 2 <= length) {
                uint16_t c = (uint16_t)~fold(sum(ip + v.csum_start, (size_t)(length - v.csum_start), 0));
                put_sum(ip + v.csum_start + v.csum_offset, c == 0 ? 0xffff : c);
            }
            seal(ip, length);
        } else {
            reads--;
            split(ip, length, &v);
        }
        n_read_packets += last_sent - before;
        if (slab + SLAB - slab_at < SPLIT_ROOM)
            flush_runs();
    }
    flush_runs();
}

/* ---- towards the TUN: joining ---- */

static struct {
    uint8_t *ip;
    int transport, header_length, segment, total, count;
    uint32_t next;
    struct iovec parts[JOINED];
} joined; /* count 0: none */

static void write_out(struct iovec *parts, int count, int packets) {
    n_writes++;
    n_written += (uint64_t)packets;
    if (writev(tun, parts, count) < 0)
        n_lost++;
}

static void flush_join(void) {
    if (joined.count == 0)
        return;
    uint8_t *ip = joined.ip;
    struct virtio_net_hdr v = {0};
    if (joined.count > 1) {
        uint8_t *t = ip + joined.transport;
        int ipv4 = ip[0] >> 4 == 4;
        if (ipv4) {
            put16(ip + 2, (unsigned)joined.total);
            ipv4_checksum(ip);
        } else {
            put16(ip + 4, (unsigned)(joined.total - 40));
        }
        put_sum(t + 16, fold(pseudo(ip, 6, (size_t)(joined.total - joined.transport))));
        v.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        v.gso_type = ipv4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
        v.hdr_len = (uint16_t)joined.header_length;
        v.gso_size = (uint16_t)joined.segment;
        v.csum_start = (uint16_t)joined.transport;
        v.csum_offset = 16;
    }
    memcpy(ip - VNET, &v, VNET); /* over the tag */
    joined.parts[0].iov_base = ip - VNET;
    joined.parts[0].iov_len += VNET;
    write_out(joined.parts, joined.count, joined.count);
    joined.count = 0;
}

static void write_alone(uint8_t *ip, int length) {
    flush_join();
    memset(ip - VNET, 0, VNET);
    struct iovec part = {.iov_base = ip - VNET, .iov_len = (size_t)length + VNET};
    write_out(&part, 1, 1);
}

/* Same but for length, id, checksums, sequence and PSH. */
static int same_flow(const uint8_t *a, const uint8_t *b, int transport, int header_length) {
    if (transport == 20) {
        if (memcmp(a, b, 2) != 0 || memcmp(a + 6, b + 6, 4) != 0 || memcmp(a + 12, b + 12, 8) != 0)
            return 0;
    } else if (memcmp(a, b, 4) != 0 || memcmp(a + 6, b + 6, 34) != 0) {
        return 0;
    }
    a += transport;
    b += transport;
    return memcmp(a, b, 4) == 0 && memcmp(a + 8, b + 8, 5) == 0 && (a[13] | TCP_PSH) == (b[13] | TCP_PSH)
        && memcmp(a + 14, b + 14, 2) == 0 && memcmp(a + 20, b + 20, (size_t)(header_length - transport - 20)) == 0;
}

static void to_tun(uint8_t *ip, int length) {
    int transport;
    if (length >= 40 && ip[0] == 0x45 && (get16(ip + 6) & 0x3fff) == 0 && ip[9] == 6 && get16(ip + 2) == length)
        transport = 20;
    else if (length >= 60 && ip[0] >> 4 == 6 && ip[6] == 6 && get16(ip + 4) == length - 40)
        transport = 40;
    else {
        write_alone(ip, length);
        return;
    }
    uint8_t *t = ip + transport;
    int header_length = transport + (t[12] >> 4) * 4, payload = length - header_length, flags = t[13];
    if (header_length < transport + 20 || payload <= 0 || (flags & ~TCP_PSH) != TCP_ACK
        || fold(sum(t, (size_t)(length - transport), pseudo(ip, 6, (size_t)(length - transport)))) != 0xffff) {
        write_alone(ip, length);
        return;
    }
    uint32_t sequence = get32(t + 4);
    if (joined.count > 0 && joined.count < JOINED && joined.transport == transport && joined.header_length == header_length
        && sequence == joined.next && payload <= joined.segment && joined.total + payload <= MAX_PACKET
        && same_flow(joined.ip, ip, transport, header_length)) {
        joined.parts[joined.count++] = (struct iovec){.iov_base = ip + header_length, .iov_len = (size_t)payload};
        joined.total += payload;
        joined.next += (uint32_t)payload;
        joined.ip[transport + 13] |= flags & TCP_PSH;
    } else {
        flush_join();
        joined.ip = ip;
        joined.transport = transport;
        joined.header_length = header_length;
        joined.segment = payload;
        joined.total = length;
        joined.next = sequence + (uint32_t)payload;
        joined.count = 1;
        joined.parts[0] = (struct iovec){.iov_base = ip, .iov_len = (size_t)length};
    }
    if (payload < joined.segment || flags & TCP_PSH)
        flush_join();
}

/* ---- receiving ---- */

static int replayed(uint32_t id) {
    if (id > newest)
        return id == 0;
    return newest - id >= 64 || window >> (newest - id) & 1;
}

static void seen(uint32_t id) {
    if (id > newest) {
        window = id - newest >= 64 ? 0 : window << (id - newest);
        newest = id;
    }
    window |= (uint64_t)1 << (newest - id);
}

/* Opens a datagram where it lies; its length, or -1. */
static int open_text(uint8_t *p, int length) {
    int n, end, text = length - OVERHEAD;
    if (text <= 0 || p[0] != 0x48 || replayed(get32(p + 4)))
        return -1;
    memcpy(open_iv, p + 4, 4);
    if (mb_decrypt != NULL) {
        uint8_t expected[TAG];
        mb_decrypt(open_key, mb_context, p + OVERHEAD, p + OVERHEAD, (uint64_t)text, open_iv, p, HEADER, expected, TAG);
        if (CRYPTO_memcmp(expected, p + HEADER, TAG) != 0)
            return -1;
    } else if (EVP_DecryptInit_ex(open_ctx, NULL, NULL, NULL, open_iv) != 1 || EVP_DecryptUpdate(open_ctx, NULL, &n, p, HEADER) != 1
        || EVP_DecryptUpdate(open_ctx, p + OVERHEAD, &n, p + OVERHEAD, text) != 1
        || EVP_CIPHER_CTX_ctrl(open_ctx, EVP_CTRL_AEAD_SET_TAG, TAG, p + HEADER) != 1
        || EVP_DecryptFinal_ex(open_ctx, p + OVERHEAD + n, &end) != 1)
        return -1;
    seen(get32(p + 4));
    return text;
}

static void datagram(uint8_t *p, int length, const struct sockaddr_storage *from, socklen_t from_len) {
    round_packets++;
    n_received++;
    int text = open_text(p, length);
    if (text < 0) {
        n_bad++;
        return;
    }
    if (server && (from_len != peer_len || memcmp(from, &peer, from_len) != 0)) {
        memcpy(&peer, from, from_len);
        peer_len = from_len;
    }
    if (text >= 20 && !(text == sizeof PING && memcmp(p + OVERHEAD, PING, sizeof PING) == 0))
        to_tun(p + OVERHEAD, text);
}

static void from_socket(uint8_t *slots) {
    static struct mmsghdr messages[SLOTS];
    static struct iovec vectors[SLOTS];
    static struct sockaddr_storage names[SLOTS];
    static union {
        char bytes[64];
        struct cmsghdr align;
    } controls[SLOTS];
    for (int i = 0; i < SLOTS; i++) {
        struct msghdr *m = &messages[i].msg_hdr;
        vectors[i] = (struct iovec){.iov_base = slots + (size_t)i * SLOT_BYTES, .iov_len = MAX_PACKET};
        m->msg_iov = &vectors[i];
        m->msg_iovlen = 1;
        m->msg_name = &names[i];
        m->msg_namelen = sizeof names[i];
        m->msg_control = controls[i].bytes;
        m->msg_controllen = sizeof controls[i].bytes;
    }
    int count = recvmmsg(sock, messages, SLOTS, MSG_DONTWAIT, NULL);
    if (count <= 0)
        return;
    n_receives++;
    for (int i = 0; i < count; i++) {
        struct msghdr *m = &messages[i].msg_hdr;
        int length = (int)messages[i].msg_len, segment = length;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c))
            if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
                memcpy(&segment, CMSG_DATA(c), sizeof segment);
        for (int at = 0; at < length && segment > 0; at += segment)
            datagram((uint8_t *)vectors[i].iov_base + at, length - at < segment ? length - at : segment, &names[i],
                     m->msg_namelen);
    }
    flush_join();
}

/* ---- start ---- */

static void *mb_function(void *library, const char *what, const char *architecture) {
    char name[64];
    snprintf(name, sizeof name, "aes_gcm_%s_256_%s", what, architecture);
    void *found = dlsym(library, name);
    if (found == NULL)
        reject(name);
    return found;
}

static void use_mb(const uint8_t *mine, const uint8_t *its) {
    void *library = dlopen("libIPSec_MB.so.2", RTLD_NOW);
    if (library == NULL)
        library = dlopen("libIPSec_MB.so.1", RTLD_NOW);
    if (library == NULL)
        reject("-m needs libIPSec_MB.so.2 or .so.1: apt-get install libipsec-mb2, or libipsec-mb1 where there is none");
    const char *architecture = __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("vpclmulqdq") ? "vaes_avx512"
        : __builtin_cpu_supports("avx2") ? "avx_gen4" : "sse";
    void (*precompute)(const void *, void *) = mb_function(library, "pre", architecture);
    precompute(mine, seal_key);
    precompute(its, open_key);
    mb_encrypt = mb_function(library, "enc", architecture);
    mb_decrypt = mb_function(library, "dec", architecture);
}

static void read_keys(const char *path, int with_mb) {
    uint8_t keys[256];
    size_t digits = 0;
    FILE *in = fopen(path, "re");
    if (in == NULL)
        fail(path);
    for (int c = fgetc(in); c != EOF; c = fgetc(in)) {
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
            continue;
        int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (d < 0 || digits >= 2 * sizeof keys)
            reject("the key file must hold 512 hexadecimal digits");
        keys[digits / 2] = (uint8_t)(digits % 2 == 0 ? d << 4 : keys[digits / 2] | d);
        digits++;
    }
    fclose(in);
    if (digits != 2 * sizeof keys)
        reject("the key file must hold 512 hexadecimal digits");
    const uint8_t *mine = keys + (server ? 128 : 0), *its = keys + (server ? 0 : 128);
    memcpy(seal_iv + 4, mine + 64, 8);
    memcpy(open_iv + 4, its + 64, 8);
    seal_ctx = EVP_CIPHER_CTX_new();
    open_ctx = EVP_CIPHER_CTX_new();
    if (seal_ctx == NULL || open_ctx == NULL || EVP_EncryptInit_ex(seal_ctx, EVP_aes_256_gcm(), NULL, mine, seal_iv) != 1
        || EVP_DecryptInit_ex(open_ctx, EVP_aes_256_gcm(), NULL, its, open_iv) != 1)
        reject("libcrypto has no AES-256-GCM");
    if (with_mb)
        use_mb(mine, its);
    OPENSSL_cleanse(keys, sizeof keys);
}

static void open_tun(const char *name) {
    struct ifreq request = {0};
    int size = VNET, offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0)
        fail("/dev/net/tun");
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
    if (ioctl(tun, TUNSETIFF, &request) < 0)
        fail("TUNSETIFF");
    if (ioctl(tun, TUNSETVNETHDRSZ, &size) < 0)
        fail("TUNSETVNETHDRSZ");
    if (ioctl(tun, TUNSETOFFLOAD, offloads | TUN_F_USO4 | TUN_F_USO6) < 0 && ioctl(tun, TUNSETOFFLOAD, offloads) < 0)
        fail("TUNSETOFFLOAD");
}

static void open_socket(const char *host, int port, char *local) {
    int on = 1, size = SOCKET_BUFFER;
    sock = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sock < 0)
        fail("socket");
    if (setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0
        || setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
        fail("SO_RCVBUFFORCE");
    if (setsockopt(sock, IPPROTO_UDP, UDP_GRO, &on, sizeof on) < 0)
        fail("UDP_GRO");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (server) {
        if (bind(sock, (struct sockaddr *)&address, sizeof address) < 0)
            fail("bind");
        return;
    }
    if (local != NULL) {
        char *colon = strchr(local, ':');
        struct sockaddr_in own = {.sin_family = AF_INET};
        if (colon == NULL)
            reject("-a takes an IPv4 address, a colon and a port");
        *colon = 0;
        own.sin_port = htons((uint16_t)atoi(colon + 1));
        if (inet_pton(AF_INET, local, &own.sin_addr) != 1)
            reject("-a takes an IPv4 address, a colon and a port");
        if (bind(sock, (struct sockaddr *)&own, sizeof own) < 0)
            fail("bind");
    }
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        reject("-r takes an IPv4 address");
    memcpy(&peer, &address, sizeof address);
    peer_len = sizeof address;
}

static void *touched(size_t size) {
    void *p = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
    if (p == NULL)
        fail("aligned_alloc");
    memset(p, 1, size);
    return p;
}

static uint64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void on_signal(int number) {
    (void)number;
    over = 1;
}

static double per(uint64_t a, uint64_t b) {
    return b == 0 ? 0 : (double)a / (double)b;
}

int main(int argc, char **argv) {
    const char *keys = NULL, *device = NULL, *host = NULL;
    char *local = NULL;
    int port = 0, pause_us = 50, reads = 4, with_mb = 0, option;
    if (argc < 2 || (strcmp(argv[1], "server") != 0 && strcmp(argv[1], "client") != 0))
        reject("usage: yardstick server|client -k KEYFILE -d TUN -p PORT [-r HOST] [-u PAUSE_US] [-b READS] [-m]"
               " [-a LOCAL_HOST:LOCAL_PORT] [-i PEER_ID]");
    server = argv[1][0] == 's';
    optind = 2;
    while ((option = getopt(argc, argv, "k:d:p:r:u:b:a:i:m")) != -1) {
        switch (option) {
        case 'k': keys = optarg; break;
        case 'd': device = optarg; break;
        case 'p': port = atoi(optarg); break;
        case 'r': host = optarg; break;
        case 'u': pause_us = atoi(optarg); break;
        case 'b': reads = atoi(optarg); break;
        case 'a': local = optarg; break;
        case 'm': with_mb = 1; break;
        case 'i': first_word |= (uint32_t)atoi(optarg) & 0xffffff; break;
        default: return 1;
        }
    }
    if (keys == NULL || device == NULL || port <= 0 || (!server && host == NULL) || reads < 1)
        reject("needed: -k KEYFILE -d TUN -p PORT, and -r HOST for a client");
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    read_keys(keys, with_mb);
    open_tun(device);
    open_socket(host, port, local);
    slab = slab_at = touched(SLAB);
    uint8_t *slots = touched((size_t)SLOTS * SLOT_BYTES);
    /* The packet behind the 10 bytes is aligned; before them there is room that no packet of ours needs. */
    uint8_t *buffer = (uint8_t *)touched(MAX_PACKET + 256) + 128 - VNET;
    prctl(PR_SET_TIMERSLACK, 1);

    int poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = tun};
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, tun, &event) < 0)
        fail("epoll");
    event.data.fd = sock;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, sock, &event) < 0)
        fail("epoll");
    printf("ready\n");
    fflush(stdout);
    if (!server) {
        seal(PING, sizeof PING);
        flush_runs();
    }

    uint64_t millisecond = now_ms();
    int in_this_ms = 0, in_last_ms = 0;
    while (!over) {
        struct epoll_event events[2];
        int n = epoll_wait(poller, events, 2, 1000);
        if (n == 0 && !server) {
            seal(PING, sizeof PING);
            flush_runs();
        }
        round_packets = 0;
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == tun)
                from_tun(buffer, reads);
            else
                from_socket(slots);
        }
        uint64_t now = now_ms();
        if (now != millisecond) {
            in_last_ms = now == millisecond + 1 ? in_this_ms : 0;
            in_this_ms = 0;
            millisecond = now;
        }
        in_this_ms += round_packets;
        if (pause_us > 0 && in_last_ms > HOT_PER_MS && round_packets < FULL_ROUND) {
            struct timespec pause = {.tv_nsec = pause_us * 1000L};
            n_pauses++;
            nanosleep(&pause, NULL);
        }
    }
    printf("packets per TUN read %.1f, sendmmsg %.1f, recvmmsg %.1f, TUN write %.1f; pauses %llu, not authentic or replayed"
           " %llu, lost %llu\n",
           per(n_read_packets, n_reads), per(n_sent, n_sends), per(n_received, n_receives), per(n_written, n_writes),
           (unsigned long long)n_pauses, (unsigned long long)n_bad, (unsigned long long)n_lost);
    return 0;
}
