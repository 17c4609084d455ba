// An SMSC that speaks SMPP 3.4 (npm's smpp): node server.mjs PASSWORD
// Says {"port": n} first, then one JSON line for each submit_sm. What a number's end means:
// 4 an error of its own, 5 receipt before the answer, 6 throttled, 7 no such number, 8 no answer,
// 9 undelivered. A line on standard input: {"from", "to", "text"} is a reply from a telephone,
// {"pdu"} any deliver_sm, {"raw"} any bytes, {"mute"} hears and answers nothing, {"throttled": n}
// refuses the next n, {"throttled": n, "spared": m} those after the next m.
import { createInterface } from "node:readline";
import smpp from "smpp";

const password = process.argv[2];
const sessions = new Set();
let count = 0;
let mute = false;
let throttled = 0;
let spared = 0;

function text(pdu) {
  const found = pdu.short_message?.message ?? pdu.short_message;
  const payload = pdu.message_payload?.message ?? pdu.message_payload;
  const raw = found && found.length ? found : (payload ?? "");
  return Buffer.isBuffer(raw) ? decode(raw, pdu.data_coding) : raw;
}

function part(pdu) {
  const udh = pdu.short_message?.udh;
  if (udh) return { udh: Buffer.concat(Array.isArray(udh) ? udh.map(Buffer.from) : [udh]).toString("hex") };
  if (pdu.sar_total_segments) {
    return { sar: [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum] };
  }
  return {};
}

function decode(raw, coding) {
  return coding === 8 ? Buffer.from(raw).swap16().toString("utf16le") : raw.toString("latin1");
}

function receipt(session, pdu, id, stat) {
  const words = `id:${id} sub:001 dlvrd:001 submit date:2611251200 done date:2611251200 stat:${stat} err:000 text:`;
  session.deliver_sm({
    esm_class: 4, source_addr: pdu.destination_addr, destination_addr: "1022",
    short_message: words,
  });
}

function note(event) {
  console.log(JSON.stringify({ event }));
}

const server = smpp.createServer((session) => {
  session.on("error", () => {});
  session.on("close", () => sessions.delete(session));
  session.on("bind_transceiver", (pdu) => {
    if (pdu.password !== password) {
      session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
      return;
    }
    sessions.add(session);
    session.send(pdu.response());
    note("bind");
  });
  session.on("enquire_link", (pdu) => { note("enquire_link"); session.send(pdu.response()); });
  session.on("unbind", (pdu) => { note("unbind"); session.send(pdu.response()); session.close(); });
  session.on("submit_sm", (pdu) => {
    const end = pdu.destination_addr.slice(-1);
    if (end === "6") return session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    if (spared > 0) {
      spared -= 1;
    } else if (throttled > 0) {
      throttled -= 1;
      note("throttled");
      return session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    }
    if (end === "7") return session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
    count += 1;
    const number = 0xabc0 + count;
    console.log(JSON.stringify({
      from: pdu.source_addr, to: pdu.destination_addr, text: text(pdu), coding: pdu.data_coding,
      ours: pdu.user_message_reference, id: number.toString(16), ...part(pdu),
    }));
    if (end === "8" || mute) return;
    if (end === "4") return session.send(pdu.response({ command_status: 0x450 }));
    // hex in the answer, decimal in the receipt, as some SMSCs do
    if (end === "5") receipt(session, pdu, String(number), "DELIVRD");
    session.send(pdu.response({ message_id: number.toString(16) }));
    if (end !== "5") receipt(session, pdu, String(number), end === "9" ? "UNDELIV" : "DELIVRD");
  });
});

// whoever started it is gone: so is it
process.stdin.on("end", () => process.exit(0));
createInterface({ input: process.stdin }).on("line", (line) => {
  const said = JSON.parse(line);
  if ("mute" in said || "throttled" in said) {
    mute = said.mute ?? mute;
    throttled = said.throttled ?? throttled;
    spared = said.spared ?? 0;
    console.log(JSON.stringify({ event: "set" }));
    return;
  }
  const { from, to, text: words, pdu } = said;
  if (said.raw) {
    for (const session of sessions) session.socket.write(Buffer.from(said.raw, "hex"));
    return;
  }
  if (pdu) {
    for (const session of sessions) session.deliver_sm(pdu, (answer) => {
      console.log(JSON.stringify({ event: "acknowledged", status: answer.command_status }));
    });
    return;
  }
  for (const session of sessions) {
    session.deliver_sm({ source_addr: from, destination_addr: to, short_message: words });
  }
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
