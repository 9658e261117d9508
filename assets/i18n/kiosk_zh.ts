<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en_GB">
<context>
    <name>Kiosk</name>
    <message>
        <source>Welcome</source>
        <translation>欢迎</translation>
    </message>
    <message>
        <source>Stand about 70 cm away and look at the screen.</source>
        <translation>请站在约 70 厘米处，看着屏幕。</translation>
    </message>
    <message>
        <source>One moment…</source>
        <translation>请稍候…</translation>
    </message>
    <message>
        <source>Hello, {0}</source>
        <translation>您好，{0}</translation>
    </message>
    <message>
        <source>Good to see you.</source>
        <translation>很高兴见到您。</translation>
    </message>
    <message>
        <source>I do not know you</source>
        <translation>我还不认识您</translation>
    </message>
    <message>
        <source>Would you like to be enrolled? It takes less than a minute.</source>
        <translation>您想登记吗？不到一分钟即可完成。</translation>
    </message>
    <message>
        <source>Show your own face</source>
        <translation>请露出您本人的脸</translation>
    </message>
    <message>
        <source>This does not look like a live face.</source>
        <translation>这看起来不像真人的脸。</translation>
    </message>
    <message>
        <source>Enrol me</source>
        <translation>登记</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Leave the kiosk</source>
        <translation>退出终端</translation>
    </message>
    <message>
        <source>Do you agree?</source>
        <translation>您同意吗？</translation>
    </message>
    <message>
        <source>This device measures the shape of your face and recognises you by it when you come back.</source>
        <translation>本设备测量您的面部形状，在您再次到来时据此识别您。</translation>
    </message>
    <message>
        <source>Stored, encrypted, on this device: your name and the measurements of your face. No photograph.</source>
        <translation>以下内容将加密保存在本设备上：您的姓名和面部测量数据。不保存照片。</translation>
    </message>
    <message>
        <source>Also stored, encrypted: the depth pictures they are made from.</source>
        <translation>同时加密保存：用于测量的深度图像。</translation>
    </message>
    <message>
        <source>It is erased by itself on {0}, and earlier whenever you ask the staff.</source>
        <translation>数据将于 {0} 自动删除；您也可随时请工作人员提前删除。</translation>
    </message>
    <message>
        <source>You are free to decline. Nothing is stored before the last step.</source>
        <translation>您可以拒绝。在最后一步之前不会保存任何内容。</translation>
    </message>
    <message>
        <source>Text {0}</source>
        <translation>文本版本 {0}</translation>
    </message>
    <message>
        <source>I agree</source>
        <translation>我同意</translation>
    </message>
    <message>
        <source>I decline</source>
        <translation>我拒绝</translation>
    </message>
    <message>
        <source>What is your name?</source>
        <translation>您叫什么名字？</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一步</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Somebody has this name already. Add your family name.</source>
        <translation>该姓名已被使用，请补充您的全名。</translation>
    </message>
    <message>
        <source>Type your name first.</source>
        <translation>请先输入您的姓名。</translation>
    </message>
    <message>
        <source>This name is too long or has signs that cannot be stored.</source>
        <translation>该姓名太长，或含有无法保存的字符。</translation>
    </message>
    <message>
        <source>Space</source>
        <translation>空格</translation>
    </message>
    <message>
        <source>Stand in front of the camera</source>
        <translation>请站到摄像头前</translation>
    </message>
    <message>
        <source>Follow the arrow</source>
        <translation>请跟随箭头</translation>
    </message>
    <message>
        <source>Look at me once more</source>
        <translation>请再看我一次</translation>
    </message>
    <message>
        <source>Directions: {0} of {1}</source>
        <translation>已完成 {0}/{1} 个方向</translation>
    </message>
    <message>
        <source>Quality of the picture</source>
        <translation>图像质量</translation>
    </message>
    <message>
        <source>Complete</source>
        <translation>完整度</translation>
    </message>
    <message>
        <source>Calm</source>
        <translation>清晰度</translation>
    </message>
    <message>
        <source>Direction</source>
        <translation>方向</translation>
    </message>
    <message>
        <source>Distance</source>
        <translation>距离</translation>
    </message>
    <message>
        <source>Uncovered</source>
        <translation>无遮挡</translation>
    </message>
    <message>
        <source>Relief</source>
        <translation>立体感</translation>
    </message>
    <message>
        <source>Look straight at the screen</source>
        <translation>请正视屏幕</translation>
    </message>
    <message>
        <source>Turn your head a little to your left</source>
        <translation>请将头稍向左转</translation>
    </message>
    <message>
        <source>Turn your head a little to your right</source>
        <translation>请将头稍向右转</translation>
    </message>
    <message>
        <source>Look up a little</source>
        <translation>请稍微抬头</translation>
    </message>
    <message>
        <source>Look down a little</source>
        <translation>请稍微低头</translation>
    </message>
    <message>
        <source>Too near: take a step back</source>
        <translation>太近了：请后退一步</translation>
    </message>
    <message>
        <source>Too far: come closer</source>
        <translation>太远了：请靠近一些</translation>
    </message>
    <message>
        <source>Move to the middle</source>
        <translation>请移到中间</translation>
    </message>
    <message>
        <source>Something covers your face</source>
        <translation>有东西遮住了您的脸</translation>
    </message>
    <message>
        <source>Turn to the screen</source>
        <translation>请面向屏幕</translation>
    </message>
    <message>
        <source>Hold still</source>
        <translation>请保持不动</translation>
    </message>
    <message>
        <source>Come into the picture</source>
        <translation>请进入画面</translation>
    </message>
    <message>
        <source>One person at a time, please</source>
        <translation>请一次一人</translation>
    </message>
    <message>
        <source>You are already enrolled as {0}</source>
        <translation>您已登记为{0}</translation>
    </message>
    <message>
        <source>If that is somebody else, the staff can let you go on.</source>
        <translation>如果这不是您，工作人员可以让您继续。</translation>
    </message>
    <message>
        <source>That is me</source>
        <translation>是我</translation>
    </message>
    <message>
        <source>That is not me</source>
        <translation>不是我</translation>
    </message>
    <message>
        <source>Thank you, {0}</source>
        <translation>谢谢您，{0}</translation>
    </message>
    <message>
        <source>You are enrolled, and I have recognised you. Look again whenever you like.</source>
        <translation>登记完成，我已能认出您。欢迎随时再来。</translation>
    </message>
    <message>
        <source>That did not work</source>
        <translation>未能完成</translation>
    </message>
    <message>
        <source>I could not see all directions of your face. Nothing was stored.</source>
        <translation>未能从各个方向看清您的脸。没有保存任何内容。</translation>
    </message>
    <message>
        <source>I could not recognise you afterwards. Nothing was stored.</source>
        <translation>随后未能再次认出您。没有保存任何内容。</translation>
    </message>
    <message>
        <source>It could not be stored. Please call the staff.</source>
        <translation>无法保存，请联系工作人员。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Closed for a moment</source>
        <translation>暂停服务</translation>
    </message>
    <message>
        <source>Too often something other than a face was shown. I look again in {0} seconds.</source>
        <translation>多次出现非真人面部。{0} 秒后恢复。</translation>
    </message>
    <message>
        <source>I cannot see</source>
        <translation>我看不见</translation>
    </message>
    <message>
        <source>The camera does not answer. I try again by myself.</source>
        <translation>摄像头没有响应，正在自动重试。</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在启动…</translation>
    </message>
    <message>
        <source>Faces cannot be recognised at present. Please call the staff.</source>
        <translation>目前无法识别人脸，请联系工作人员。</translation>
    </message>
    <message>
        <source>Still there? Back to the start in {0} seconds.</source>
        <translation>您还在吗？{0} 秒后返回开始。</translation>
    </message>
    <message>
        <source>PIN of the administrator</source>
        <translation>管理员 PIN 码</translation>
    </message>
    <message>
        <source>PIN of the staff</source>
        <translation>工作人员 PIN 码</translation>
    </message>
    <message>
        <source>This PIN is not right.</source>
        <translation>PIN 码不正确。</translation>
    </message>
    <message>
        <source>Too many wrong PINs. Wait before the next.</source>
        <translation>PIN 码错误次数过多，请稍后再试。</translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation>解锁</translation>
    </message>
    <message>
        <source>No PIN is set</source>
        <translation>尚未设置 PIN 码</translation>
    </message>
    <message>
        <source>Anybody may leave the kiosk. Set a PIN with: depthface gallery pin administrator</source>
        <translation>任何人都可以退出终端。请用以下命令设置：depthface gallery pin administrator</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
</context>
</TS>
