import { createServer, type Server, type Socket } from 'node:net'

/** A mail server that refuses everybody until it is told to take mails, and then loses them. */
export class MailServer {
  takes = false
  private readonly server: Server

  private constructor() {
    this.server = createServer((socket) => this.talk(socket))
  }

  static async listen(port: number): Promise<MailServer> {
    const mails = new MailServer()
    await new Promise<void>((listens) => mails.server.listen(port, '127.0.0.1', listens))
    return mails
  }

  close() {
    this.server.close()
  }

  private talk(socket: Socket) {
    let isText = false
    let rest = ''
    socket.on('error', () => socket.destroy())
    socket.write('220 mail.example.org\r\n')
    socket.on('data', (data) => {
      const lines = (rest + data.toString()).split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (isText && line !== '.') continue
        if (isText) isText = false
        else if (line === 'DATA' && this.takes) isText = true
        socket.write(isText ? '354 go ahead\r\n' : this.answerTo(line))
      }
    })
  }

  private answerTo(line: string): string {
    if (line.startsWith('RCPT') && !this.takes) return '550 5.1.1 nobody of this name lives here\r\n'
    return '250 fine\r\n'
  }
}
